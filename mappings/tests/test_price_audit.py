"""The price check: right mappings are left alone, wrong ones come up for review, once."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from mappings.cache import mapping_cache
from mappings.evidence.audit import audit_mappings
from mappings.evidence.reviews import ACTOR
from mappings.evidence.samples import BookSample, Fixture, keys_of, pack
from mappings.evidence.shared import SharedFixtures
from mappings.evidence.verdicts import SUSPECT, pairing_of
from mappings.models import DecisionBatch, PriceAudit, PriceFixture, UnmappedMarketLog
from mappings.services import close_review, create_mapping, update_mapping
from mappings.shapes import ScrapedMarket, ScrapedOutcome
from mappings.suggestions.price_evidence import compare
from mappings.tests.captured import EVENTS, needs_captures

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture(autouse=True)
def _catalogue_is_in_force():
    mapping_cache.refresh(force=True)


def market(key, texts, chances, margin=1.05, specifier=""):
    prices = [f"{1 / (chance * margin):.2f}" for chance in chances]
    return ScrapedMarket(key, specifier, tuple(map(ScrapedOutcome, texts, prices)))


def three_way(number, share=1.0):
    """Chances of a fixture. share: how often there is a winner, compared with the whole match."""
    home = (0.22 + 0.055 * number) * share
    away = 0.72 * share - home
    return home, 1 - home - away, away


def two_way(number, shift=0.0):
    over = 0.3 + 0.05 * number - shift
    return over, 1 - over


def books_of(number):
    full, half = three_way(number), three_way(number, share=0.7)
    return {
        "betpawa": [
            market("3743", ("1", "X", "2"), full),
            market("3668", ("1", "X", "2"), half),
            market("5000", ("Over", "Under"), two_way(number), specifier="10"),
            market("4958", ("Over", "Under"), two_way(number, 0.22), specifier="10"),
        ],
        "sportybet": [
            market("1", ("Home", "Draw", "Away"), full, 1.08),
            market("18", ("Over 2.5", "Under 2.5"), two_way(number), 1.07, "total=2.5"),
            market("777", ("Home", "Draw", "Away"), full, 1.09),
            market("888", ("Over 2.5", "Under 2.5"), two_way(number, 0.22), 1.07, "total=2.5"),
        ],
    }


def sample(*, minutes=0, events=8, change=lambda books: books):
    PriceFixture.objects.all().delete()
    for number in range(events):
        at = timezone.now() - timedelta(minutes=minutes)
        books = {
            slug: BookSample(slug, "1", "Enyimba", "Kano Pillars", at, tuple(markets))
            for slug, markets in change(books_of(number)).items()
        }
        PriceFixture.objects.create(
            event_key=str(number), event_id=number, home_team="Enyimba", away_team="Kano Pillars",
            kickoff_at=NOW + timedelta(hours=3), sampled_at=at, books=list(books), keys=keys_of(books),
            payload=pack(books),
        )  # fmt: skip


def map_777(betpawa_id="3743", texts=("Home", "Draw", "Away"), **values):
    return create_mapping(
        canonical_id="user_1x2", user="ada", reason="",
        values={
            "name": "Match result", "betpawa_id": betpawa_id, "sportybet_id": "777",
            "outcome_mapping": [
                {"canonical_id": name, "betpawa_name": ours, "sportybet_desc": text, "position": place}
                for place, (name, ours, text) in enumerate(
                    zip(("home", "draw", "away"), ("1", "X", "2"), texts, strict=True)
                )
            ],
            **values,
        },
    )  # fmt: skip


def verdict(canonical_id, key):
    return PriceAudit.objects.get(canonical_id=canonical_id, external_market_id=key, source="sportybet")


def under_review():
    return list(UnmappedMarketLog.objects.filter(tab="REVIEW").values_list("source", "external_market_id"))


def audit_twice(**options):
    results = []
    for _ in range(2):
        sample(**options)
        results.append(audit_mappings())
    return results


def test_right_mappings_agree_and_what_nobody_offers_stays_open():
    sample()
    result = audit_mappings()
    for canonical_id, key in (("1x2_ft", "1"), ("over_under_ft", "18")):
        row = verdict(canonical_id, key)
        assert (row.verdict, row.apart_since, row.fixtures_compared) == ("agrees", None, 8)
        assert row.distance < 0.1
    assert verdict("1x2_1h", "60").verdict == "unclear"
    assert result.pairs == sum(result.verdicts.values()) > 200
    assert result.verdicts["agrees"] == 2
    assert under_review() == []


def test_few_events_prove_nothing():
    map_777(texts=("Away", "Draw", "Home"))
    for _ in range(3):
        sample(events=4)
        audit_mappings()
    assert verdict("user_1x2", "777").verdict == "unclear"
    assert under_review() == []


def test_swapped_outcomes_come_up_for_review_after_two_checks_as_a_batch_of_the_price_check():
    map_777(texts=("Away", "Draw", "Home"))
    sample()
    first = audit_mappings()
    assert (first.opened, under_review(), verdict("user_1x2", "777").verdict) == (0, [], "swapped")
    since = verdict("user_1x2", "777").apart_since
    sample()
    assert audit_mappings().opened == 1
    row = UnmappedMarketLog.objects.get(external_market_id="777")
    assert (row.tab, row.status, row.mapped_to.canonical_id) == ("REVIEW", "MAPPED", "user_1x2")
    assert row.review["canonicalId"] == "user_1x2" and row.review["betpawaId"] == "3743"
    assert row.review["reason"].startswith("Looks wrong since") and "swapped" in row.review["reason"]
    assert row.review["distance"] == verdict("user_1x2", "777").distance > SUSPECT
    assert len(row.review["fixtures"]) == 5 and row.review["fixtures"][0]["outcomes"][0]["betpawaPrice"]
    assert verdict("user_1x2", "777").apart_since == since
    batch = DecisionBatch.objects.get(kind="review")
    assert (batch.actor, batch.item_count) == (ACTOR, 1)
    assert row.changes.get().batch == batch


def test_another_period_is_found_by_the_market_that_prices_like_it():
    map_777(betpawa_id="3668")  # the first half's
    audit_twice()
    row = UnmappedMarketLog.objects.get(external_market_id="777")
    assert row.review["looksLike"] == "3743"
    assert verdict("user_1x2", "777").verdict == "apart"


def test_a_check_that_saw_no_newer_prices_is_not_a_second_one():
    map_777(texts=("Away", "Draw", "Home"))
    sample(minutes=5)
    for _ in range(3):
        audit_mappings()
    assert verdict("user_1x2", "777").apart_checks == 1
    assert under_review() == []


def test_an_open_review_is_opened_once_and_closes_when_prices_agree_again():
    map_777(texts=("Away", "Draw", "Home"))
    assert [result.opened for result in (*audit_twice(), *audit_twice())] == [0, 1, 0, 0]
    opened_at = UnmappedMarketLog.objects.get(external_market_id="777").review_since
    sample(change=lambda books: {**books, "betpawa": books["betpawa"][1:]})
    assert audit_mappings().closed == 0  # unclear is not agreement
    assert UnmappedMarketLog.objects.get(external_market_id="777").review_since == opened_at
    update_mapping(
        canonical_id="user_1x2", user="ada", reason="", changes={"outcome_mapping": mapped_right()}
    )  # fmt: skip
    sample()
    assert audit_mappings().closed == 1
    row = UnmappedMarketLog.objects.get(external_market_id="777")
    assert (row.tab, row.review) == ("MAPPED", None)


def mapped_right():
    return [
        {"canonical_id": name, "betpawa_name": ours, "sportybet_desc": text, "position": place}
        for place, (name, ours, text) in enumerate(
            (("home", "1", "Home"), ("draw", "X", "Draw"), ("away", "2", "Away"))
        )
    ]


def test_what_a_person_has_touched_is_not_closed_by_itself():
    map_777(texts=("Away", "Draw", "Home"))
    audit_twice()
    from mappings.deciding import deciding

    with deciding("note", "ada") as batch:
        UnmappedMarketLog.objects.filter(external_market_id="777").update(notes="I am on it")
        batch.item_count += 1
    update_mapping(canonical_id="user_1x2", user="ada", reason="", changes={"outcome_mapping": mapped_right()})
    sample()
    assert audit_mappings().closed == 0
    assert under_review() == [("sportybet", "777")]


def test_a_persons_closing_holds_until_the_mapping_changes():
    map_777(texts=("Away", "Draw", "Home"))
    audit_twice()
    row = UnmappedMarketLog.objects.get(external_market_id="777")
    close_review(ids=[row.pk], user="ada", reason="It is so on purpose")
    assert [result.opened for result in audit_twice()] == [0, 0]
    update_mapping(canonical_id="user_1x2", user="ada", reason="", changes={"priority": 3})
    sample()
    assert audit_mappings().opened == 1


def test_a_mapping_that_is_gone_takes_its_check_and_its_review_with_it():
    map_777(texts=("Away", "Draw", "Home"))
    audit_twice()
    update_mapping(canonical_id="user_1x2", user="ada", reason="", changes={"is_active": False})
    result = audit_mappings()
    assert result.closed == 1
    assert not PriceAudit.objects.filter(canonical_id="user_1x2").exists()


def test_one_mapping_can_be_checked_alone():
    map_777()
    sample()
    assert audit_mappings("user_1x2").pairs == 1
    assert PriceAudit.objects.count() == 1
    out = StringIO()
    call_command("audit_prices", mapping="user_1x2", stdout=out)
    assert "1 pairs checked" in out.getvalue() and "Prices agree" in out.getvalue()
    with pytest.raises(CommandError, match="nobody"):
        call_command("audit_prices", mapping="nobody", stdout=out)


@needs_captures
def test_no_right_pair_of_the_captured_event_is_swapped_or_far_apart():
    books = {}
    for slug, read in EVENTS.items():
        home, away, markets = read()
        books[slug] = BookSample(slug, slug, home, away, NOW, tuple(markets))
    event = Fixture("1", 1, *EVENTS["betpawa"]()[:2], "", "", NOW, NOW, books)
    PriceFixture.objects.create(
        event_key="1", event_id=1, home_team=event.home_team, away_team=event.away_team, kickoff_at=NOW,
        sampled_at=NOW, books=list(books), keys=keys_of(books), payload=pack(books),
    )  # fmt: skip
    snapshot = mapping_cache.snapshot
    shared = SharedFixtures(snapshot)
    compared = []
    for definition in snapshot.definitions:
        for slug, keys in definition.keys.items():
            for key in keys if slug != "betpawa" and definition.betpawa_id else ():
                fixtures = shared.of(slug, key, definition)
                pairing = pairing_of(definition, slug)
                compared.append(compare(fixtures, slug, key, definition.betpawa_id, pairing) if fixtures else None)
    whole = [found for found in compared if found and found.distance is not None and len(found.pairing) > 1]
    assert len(whole) > 120
    assert not any(found.swapped for found in whole)
    assert max(found.distance for found in whole) < 0.7
