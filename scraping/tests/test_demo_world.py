"""The demo world: the same for the same seed and time, and alive."""

import pytest

from scraping.demo.content import Content
from scraping.demo.prices import Life
from scraping.demo.world import SLUGS, World
from scraping.tests.demo_talk import MOMENT


def details(content: Content, now: float) -> dict[tuple[str, str], bytes]:
    return {
        (slug, event_id): content.detail(slug, event_id, now).plain()
        for slug in SLUGS
        for event_id in (event.external_id(slug) for event in content.world.offered(slug, content.pricer.tick(now)))
    }


@pytest.fixture(scope="module")
def content():
    return Content(World(7, 12), Life())


def test_the_same_seed_and_time_give_the_same_bytes_whatever_was_asked_before(content):
    for ahead in (0, 300, 3600, 60):
        details(content, MOMENT + ahead)
    assert details(content, MOMENT) == details(Content(World(7, 12), Life()), MOMENT)


def test_another_seed_gives_another_world():
    ids = [{event.sportradar_id for event in World(seed, 40).open_events(MOMENT)} for seed in (7, 8)]
    assert not ids[0] & ids[1]


def test_about_so_many_events_as_asked_for_lie_ahead_at_any_time():
    world = World(7, 400)
    for days in range(0, 30, 3):
        now = MOMENT + days * 86_400
        events = world.open_events(now)
        assert 350 < len(events) < 450
        assert all(event.kickoff_at(now) > now for event in events)
        assert events[0].kickoff_at(now) < now + 3600 < now + 2 * 86_400 < events[-1].kickoff_at(now)


def test_events_are_added_moved_cancelled_and_kick_off_as_time_goes_by():
    world = World(7, 1300)
    before = {event.number: event for event in world.open_events(MOMENT)}
    later = MOMENT + 6 * 3600
    after = {event.number: event for event in world.open_events(later)}
    gone = [event for number, event in before.items() if number not in after]
    assert set(after) - set(before)
    assert any(event.cancelled_at is not None and event.kickoff_at(later) > later for event in gone)
    assert any(event.kickoff_at(later) <= later for event in gone)
    moved = [
        event
        for number, event in before.items()
        if number in after and event.kickoff_at(later) != event.kickoff_at(MOMENT)
    ]
    assert moved


def test_every_open_event_is_found_by_each_bookmakers_own_id_and_a_closed_one_is_not():
    world = World(7, 400)
    for event in world.open_events(MOMENT):
        for slug in SLUGS:
            expected = event if slug in event.offered_by else None
            assert world.find(slug, event.external_id(slug), MOMENT) is expected
            assert world.find(slug, event.external_id(slug), event.kickoff_at(MOMENT) + 86_400) is None
    assert world.find("bet9ja", "12", MOMENT) is None
    assert world.find("betpawa", "no number", MOMENT) is None


def test_tournament_names_repeat_over_countries_and_bookmakers_differ_in_what_they_offer():
    events = World(7, 1300).open_events(MOMENT)
    countries = {event.tournament.country for event in events if event.tournament.name == "Premier League"}
    assert len(countries) > 10
    offers = {event.offered_by for event in events}
    assert {frozenset(SLUGS), frozenset({"sportybet", "bet9ja"}), frozenset({"betpawa"})} <= offers
    assert any(not event.has_widget for event in events)
    assert any(event.teams("bet9ja") != event.teams("betpawa") for event in events)


def test_a_share_of_the_markets_near_the_set_rate_changes_within_a_minute():
    content = Content(World(7, 60), Life())
    board = content.pricer.boards["betpawa"]
    changed = seen = 0
    for step in range(5):
        now = MOMENT + 60 * step
        for event in content.world.offered("betpawa", MOMENT + 400):
            first, second = (content.pricer.snapshot(event, "betpawa", at) for at in (now, now + 60))
            for number in set(first.offered) & set(second.offered):
                start, end = board.bounds[number]
                seen += 1
                changed += first.rung[start:end] != second.rung[start:end]
    assert 0.03 < changed / seen < 0.08


def test_markets_are_suspended_withdrawn_and_return(content):
    event = next(event for event in content.world.open_events(MOMENT) if "sportybet" in event.offered_by)
    looks = [content.pricer.snapshot(event, "sportybet", MOMENT + 30 * step) for step in range(60)]
    shown = [set(look.offered) for look in looks]
    withdrawn = set().union(*shown) - set.intersection(*shown)
    assert withdrawn
    returned = [
        number
        for number in withdrawn
        if any(number in a and number not in b for a, b in zip(shown, shown[1:], strict=False))
        and any(number not in a and number in b for a, b in zip(shown, shown[1:], strict=False))
    ]
    assert returned
    assert any(any(look.suspended) for look in looks)


def test_a_burst_moves_most_of_an_events_markets_and_slower_bookmakers_follow(content):
    event = next(event for event in content.world.open_events(MOMENT) if len(event.offered_by) == 3)
    length = content.life.burst_minutes * 60
    at = content.pricer.burst(event, MOMENT + 2 * length)[1]
    before, after = content.pricer.tick(at) - 5, content.pricer.tick(at) + 10

    def moved(slug: str, until: float) -> float:
        first, second = (content.pricer.snapshot(event, slug, when) for when in (before, until))
        return sum(a != b for a, b in zip(first.rung, second.rung, strict=True)) / len(first.rung)

    assert moved("betpawa", after) > 0.5
    assert moved("bet9ja", after) < 0.1 < 0.5 < moved("bet9ja", after + 30)


def test_new_market_types_appear_now_and_then_with_codes_never_used_before():
    content = Content(World(7, 30), Life())
    events = content.world.open_events(MOMENT)
    codes = []
    for step in range(6):
        now = MOMENT + 240 * step
        found = {
            new.key
            for event in events
            for slug in ("sportybet", "bet9ja")
            for new in content.new_markets(event, slug, now)
        }
        codes.append(found)
    assert all(len(later - earlier) == 1 for earlier, later in zip(codes, codes[1:], strict=False))
    assert not any(content.new_markets(event, "betpawa", MOMENT) for event in events)
