"""Markets on the move: one of two codes on every event, never both, and the price stays the market's own."""

import pytest

from scraping.demo.content import Content
from scraping.demo.prices import Life
from scraping.demo.world import World

MOMENT = 1_790_000_000.0
RIVALS = ("sportybet", "bet9ja")


def keys_by_event(share, slug):
    content = Content(World(7, 30), Life(moved_share=share))
    units = content.pricer.boards[slug].units
    events = content._offered(slug, MOMENT)
    return content, [
        {units[number].key for number in content.snapshot(event, slug, MOMENT).offered} for event in events
    ]


def moves(content, slug):
    board = content.pricer.boards[slug]
    return {board.units[original].key: board.units[copy].key for copy, (original, _) in board.moves.items()}


@pytest.mark.parametrize("slug", RIVALS)
def test_a_market_on_the_move_stands_under_one_of_its_codes(slug):
    content, events = keys_by_event(0.5, slug)
    pairs = moves(content, slug)
    assert len(pairs) > 15
    assert not any({old, new} <= keys for keys in events for old, new in pairs.items())
    assert any(new in keys for keys in events for new in pairs.values())
    assert any(old in keys for keys in events for old in pairs)


@pytest.mark.parametrize("slug", RIVALS)
def test_nothing_moves_unless_it_is_asked_for(slug):
    content, events = keys_by_event(0.0, slug)
    assert not set.union(*events) & set(moves(content, slug).values())


def test_our_own_book_moves_nothing():
    content, _ = keys_by_event(0.5, "betpawa")
    assert content.pricer.boards["betpawa"].moves == {}


def test_new_codes_are_nobody_elses():
    content, _ = keys_by_event(0.0, "sportybet")
    for slug in RIVALS:
        units = content.pricer.boards[slug].units
        old = {one.key for one in units if one.moved_from is None}
        assert not old & {one.key for one in units if one.moved_from is not None}
