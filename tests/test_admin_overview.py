"""The desk's first page: how the mappings stand, in a bounded number of queries."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from mappings import standing
from mappings.models import CoverageSample, DecisionBatch, SuggestionOutcome, UnmappedMarketLog, UserMarketMapping
from tests.admin_rows import sign_in

pytestmark = pytest.mark.django_db


def sample(slug, mapped, seen, at=None, run=None):
    return CoverageSample.objects.create(
        bookmaker_slug=slug, taken_at=at or timezone.now(), scrape_run_id=run, types_seen=10, types_mapped=4,
        markets_seen=seen, markets_mapped=mapped,
    )  # fmt: skip


def test_totals_tell_built_in_overridden_own_and_switched_off_apart():
    before = standing.totals()
    catalogued = standing.built_in()[0].canonical_id
    UserMarketMapping.objects.create(canonical_id=catalogued, name="Ours", betpawa_id="1")
    UserMarketMapping.objects.create(canonical_id="own_market", name="Own", betpawa_id="2")
    UserMarketMapping.objects.create(canonical_id="off_market", name="Off", betpawa_id="3", is_active=False)
    now = standing.totals()
    assert (now.built_in, now.overridden, now.user, now.switched_off) == (before.built_in - 1, 1, 1, 1)


def test_coverage_is_of_the_newest_sample_of_each_rival():
    sample("sportybet", 10, 100, at=timezone.now() - timedelta(hours=2))
    sample("sportybet", 30, 60)
    (book,) = standing.coverage()
    assert (book.by_event, book.by_type, book.markets_seen) == (0.5, 0.4, 60)


def test_a_curve_has_a_point_an_hour_and_the_newest():
    start = timezone.now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=3)
    for minutes in range(0, 180, 10):
        sample("bet9ja", minutes, 180, at=start + timedelta(minutes=minutes))
    points = standing.coverage_curve()["bet9ja"]
    assert [point["byEvent"] for point in points] == [0, 60 / 180, 120 / 180, 170 / 180]


def test_what_to_map_next_says_what_it_would_add():
    UnmappedMarketLog.objects.create(source="bet9ja", external_market_id="S_LOW", event_count=5, priority=1)
    UnmappedMarketLog.objects.create(source="bet9ja", external_market_id="S_TOP", event_count=20, priority=9)
    gains = standing.next_to_map({"bet9ja": 1000})
    assert [(gain.row.external_market_id, gain.share) for gain in gains] == [("S_TOP", 0.02), ("S_LOW", 0.005)]


def test_what_can_be_accepted_as_it_is_stands_first_and_each_part_is_in_order_of_gain():
    def make(key, events, **fields):
        UnmappedMarketLog.objects.create(source="bet9ja", external_market_id=key, event_count=events, **fields)

    make("DOUBTFUL", 90, priority=9, best_band="likely")
    make("NOT_OFFERED", 99, priority=9, error_code="UNSUPPORTED_PLATFORM")
    make("STRONG", 5, priority=8, best_band="strong")
    make("STRONGER", 7, priority=1, best_band="strong")
    make("UNKNOWN", 95, priority=2)
    keys = [gain.row.external_market_id for gain in standing.next_to_map({"bet9ja": 1000})]
    assert keys == ["STRONGER", "STRONG", "UNKNOWN", "DOUBTFUL"]


def test_the_first_page_shows_it_and_asks_a_bounded_number_of_questions(django_assert_max_num_queries):
    client = sign_in("viewer")
    sample("sportybet", 30, 60)
    DecisionBatch.objects.create(kind="ignore", actor="ada", item_count=3, reason="player props")
    for number in range(30):
        UnmappedMarketLog.objects.create(source="sportybet", external_market_id=str(number), market_name=f"M{number}")
    with django_assert_max_num_queries(45):
        page = client.get(reverse("admin:index")).content.decode()
    assert "player props" in page
    assert "SportyBet mapped" in page


def test_precision_says_so_while_nothing_was_decided():
    client = sign_in("viewer")
    assert "Nothing was decided yet" in client.get(reverse("admin:suggestion_precision")).content.decode()


def test_precision_tells_a_rejection_from_a_market_that_betpawa_does_not_have():
    for kind in ("reject", "ignore"):
        batch = DecisionBatch.objects.create(kind=kind, actor="ada")
        SuggestionOutcome.objects.create(
            source="bet9ja", external_market_id="S", offered_betpawa_id="7", confidence=0.9, band="strong", batch=batch
        )
    page = sign_in("viewer").get(reverse("admin:suggestion_precision")).content.decode()
    assert page.count('<span class="desk-quiet">rejected</span>') == 1
    assert page.count('<span class="desk-quiet">BetPawa has none</span>') == 1


@pytest.mark.parametrize(
    ("address", "title"),
    [
        ("", "Overview"), ("mappings/unmappedmarketlog/?tab=MAPPED", "Unmapped markets"),
        ("mappings/unmappedmarketlog/focus/", "Focus mode"), ("mappings/unmappedmarketlog/rules/add/", "Ignore rules"),
        ("mappings/precision/", "Suggestion precision"), ("password_change/", None),
    ],
)  # fmt: skip
def test_the_sidebar_marks_the_one_page_that_one_is_on(address, title):
    groups = sign_in("lead").get("/admin/" + address).context["sidebar_navigation"]
    marked = [item["title"] for group in groups for item in group["items"] if item["active"]]
    assert marked == ([title] if title else [])
