"""What one answer of one bookmaker says about an event."""

import json
from copy import deepcopy
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from mappings.cache import mapping_cache
from scraping import fetching
from scraping.bookmakers import REGISTRY
from scraping.fetching import Answer, Described, Target, fetch_target
from scraping.tests.test_decoders_drift import ANSWERS, body

NOW = datetime(2026, 5, 6, 8, tzinfo=UTC)
IDS = {"betpawa": "1", "sportybet": "sr:match:100", "bet9ja": "9"}


@pytest.fixture
def ask(monkeypatch):
    """ask(slug, change): fetch_target of an answer that change(answer) has spoilt."""

    def ask(slug, change=None):
        answer = deepcopy(ANSWERS[slug])
        if change is not None:
            change(answer)
        real = REGISTRY[slug]
        bookmaker = SimpleNamespace(
            fetch_event=lambda client, external_id: json.dumps(answer).encode(),
            decode_event=real.decode_event,
            describe=real.describe,
        )
        monkeypatch.setitem(fetching.REGISTRY, slug, bookmaker)
        target = Target(1, "100", NOW, slug, IDS[slug])
        result = fetch_target(target, None, SimpleNamespace(now=lambda: NOW), Described())
        assert isinstance(result, Answer), result
        return result

    return ask


def spoil(answer, slug, key):
    if slug == "bet9ja":
        answer["D"]["O"][f"{key}_O"] = None
    elif slug == "betpawa":
        body(slug, answer)["markets"].append({"marketType": {"id": key}, "row": None})
    else:
        body(slug, answer)["markets"].append({"id": key, "outcomes": None})


@pytest.mark.parametrize(
    ("slug", "key", "market_ids"),
    [
        ("betpawa", "5000", ("5000",)),
        ("betpawa", "987654", ("987654",)),  # known to no mapping, stored under its own id
        ("sportybet", "18", ("5000",)),
        ("sportybet", "987654", ()),  # never stored, so nothing to protect
        ("bet9ja", "S_OU@2.5", ("5000",)),
    ],
)
def test_a_market_that_could_not_be_read_is_told_by_betpawas_id(ask, slug, key, market_ids):
    answer = ask(slug, lambda answer: spoil(answer, slug, key))
    assert answer.unreadable_market_ids == market_ids and answer.scraped.complete


def test_a_market_whose_line_makes_no_sense_is_told_as_unreadable(ask):
    def bend(answer):
        answer["data"]["markets"][1]["specifier"] = "total=many"

    assert ask("sportybet", bend).unreadable_market_ids == ("5000",)


def test_a_good_answer_holds_nothing_unreadable_and_says_which_mappings_read_it(ask):
    for slug in ANSWERS:
        answer = ask(slug)
        assert answer.unreadable_market_ids == () and answer.mapping_version == mapping_cache.version
