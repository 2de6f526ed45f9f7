"""Events are the same when their SportRadar ids are, and only then."""

from datetime import UTC, datetime, timedelta

import pytest

from scraping.bookmakers import ListedEvent
from scraping.matching import match_events

from .builders import make_event

pytestmark = pytest.mark.django_db

KICKOFF = datetime(2030, 5, 1, 18, 0, tzinfo=UTC)


def listed(slug, external_id, sportradar_id, **fields):
    return ListedEvent(
        bookmaker_slug=slug,
        external_id=external_id,
        sportradar_id=sportradar_id,
        home_team=fields.get("home_team", f"Home at {slug}"),
        away_team="Away",
        kickoff_at=fields.get("kickoff_at", KICKOFF),
        tournament_name=fields.get("tournament_name", "Premier League"),
        country=fields.get("country", "England"),
    )


def test_equal_sportradar_ids_are_one_event_with_betpawas_names():
    records, problems = match_events(
        {"betpawa": [listed("betpawa", "1", "500")], "bet9ja": [listed("bet9ja", "9", "500")]}
    )
    assert len(records) == 1
    assert records[0].home_team == "Home at betpawa"
    assert [(link.bookmaker_slug, link.external_id) for link in records[0].links] == [("betpawa", "1"), ("bet9ja", "9")]
    assert not problems


def test_an_event_only_rivals_offer_is_an_event():
    records, _ = match_events({"betpawa": [], "sportybet": [listed("sportybet", "sr:match:5", "5")]})
    assert [record.sportradar_id for record in records] == ["5"]


def test_an_event_without_a_sportradar_id_is_kept_unmatched():
    records, _ = match_events({"betpawa": [listed("betpawa", "1", None)], "bet9ja": [listed("bet9ja", "9", None)]})
    assert [record.sportradar_id for record in records] == [None, None]


def test_an_id_that_a_detail_once_gave_matches_a_list_entry_without_one():
    event = make_event("500", slugs=["betpawa"])
    external_id = event.links.get().external_id
    records, _ = match_events(
        {"betpawa": [listed("betpawa", external_id, None)], "bet9ja": [listed("bet9ja", "9", "500")]}
    )
    assert len(records) == 1
    assert len(records[0].links) == 2


def test_two_events_of_one_bookmaker_with_one_id_are_reported_and_kept_apart():
    records, problems = match_events({"bet9ja": [listed("bet9ja", "1", "500"), listed("bet9ja", "2", "500")]})
    assert sorted(str(record.sportradar_id) for record in records) == ["500", "None"]
    assert problems[0].code == "DUPLICATE_SPORTRADAR_ID"


def test_an_event_listed_twice_is_one_event():
    records, problems = match_events({"bet9ja": [listed("bet9ja", "1", "500"), listed("bet9ja", "1", "500")]})
    assert len(records) == 1
    assert not problems


def test_kickoffs_that_disagree_by_more_than_five_minutes_are_reported():
    _, problems = match_events(
        {
            "betpawa": [listed("betpawa", "1", "500")],
            "bet9ja": [listed("bet9ja", "9", "500", kickoff_at=KICKOFF + timedelta(hours=1))],
        }
    )
    assert [problem.code for problem in problems] == ["KICKOFF_DISAGREEMENT"]


def test_records_come_soonest_kickoff_first():
    records, _ = match_events(
        {
            "betpawa": [
                listed("betpawa", "late", "2", kickoff_at=KICKOFF + timedelta(days=1)),
                listed("betpawa", "soon", "1"),
            ]
        }
    )
    assert [record.sportradar_id for record in records] == ["1", "2"]
