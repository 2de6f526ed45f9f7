"""What a write batch does to current odds, history and links."""

from decimal import Decimal

import msgspec
import pytest
from django.db import connection, transaction

from odds.models import EventLink, LinkFingerprints, MarketOddsCurrent, MarketOddsHistory
from odds.storage import MarketWriteBatch, ObservedMarkets, handle_market_write_batch, withdraw_due
from odds.storage.checks import run_checks
from odds.tests.builders import at, make_event, make_market

pytestmark = pytest.mark.django_db


@pytest.fixture
def event():
    return make_event(links={"betpawa": "b1", "sportybet": "s1", "bet9ja": "n1"})


@pytest.fixture(autouse=True)
def stored_state_is_sound(db):
    yield
    assert run_checks() == []


def observe(event, minute, *markets, slug="betpawa", complete=True, unreadable=()):
    return ObservedMarkets(event.pk, slug, at(minute), complete, markets, unreadable)


def write(*observed):
    return handle_market_write_batch(MarketWriteBatch(observed, scrape_run_id=1, batch_index=0))


def store(event, minute, *markets, **options):
    return write(observe(event, minute, *markets, **options))


def history(**filters):
    return MarketOddsHistory.objects.filter(**filters).order_by("captured_at", "id")


def prices(row):
    return [outcome["odds"] for outcome in row.outcomes]


def test_a_first_answer_is_stored_with_its_history(event):
    result = store(event, 0, make_market("3743"), make_market("5000", ("1.9", "1.8"), line="2.5"))
    assert (result.upserted_current, result.inserted_history, result.unchanged) == (2, 2, 0)
    row = MarketOddsCurrent.objects.get(betpawa_market_id="5000")
    assert row.line == Decimal("2.5")
    assert row.outcomes == [
        {"name": "1", "odds": "1.9", "is_active": True},
        {"name": "X", "odds": "1.8", "is_active": True},
    ]
    assert (row.market_groups, row.last_updated_at, row.unavailable_at) == (["popular"], at(0), None)
    assert [(h.outcomes, h.captured_at, h.is_available) for h in history(betpawa_market_id="5000")] == [
        (row.outcomes, at(0), True)
    ]


def test_an_identical_answer_writes_no_history_and_touches_no_market(event):
    markets = make_market("3743"), make_market("5000", ("1.9", "1.8"), line="2.5")
    store(event, 0, *markets)
    before = tuple_ids()
    result = store(event, 1, *markets)
    assert (result.upserted_current, result.inserted_history, result.unchanged) == (0, 0, 2)
    assert tuple_ids() == before
    assert EventLink.objects.get(event=event, bookmaker_slug="betpawa").confirmed_at == at(1)


def tuple_ids():
    """Physical positions of the current rows: any update moves them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, ctid::text FROM market_odds_current ORDER BY id")
        return cursor.fetchall()


def test_only_the_market_that_moved_is_written(event):
    store(event, 0, make_market("3743"), make_market("5000", ("1.9", "1.8"), line="2.5"))
    result = store(
        event, 1, make_market("3743", ("2.2", "3.2", "3.5")), make_market("5000", ("1.9", "1.8"), line="2.5")
    )
    assert (result.upserted_current, result.inserted_history, result.unchanged) == (1, 1, 1)
    assert result.changed_pairs == {("betpawa", event.pk)}
    assert result.changed_by_bookmaker == {"betpawa": 1}
    assert [prices(row) for row in history(betpawa_market_id="3743")] == [["2.1", "3.2", "3.5"], ["2.2", "3.2", "3.5"]]


def test_a_price_that_returns_to_an_earlier_one_is_a_change_too(event):
    for minute, price in enumerate(("2.1", "2.2", "2.1")):
        store(event, minute, make_market("3743", (price, "3", "3")))
    assert [prices(row)[0] for row in history()] == ["2.1", "2.2", "2.1"]


def test_a_suspended_outcome_is_a_change_at_once(event):
    store(event, 0, make_market("3743"))
    store(event, 1, make_market("3743", active=False))
    assert [row.outcomes[0]["is_active"] for row in history()] == [True, False]
    assert MarketOddsCurrent.objects.get().is_available


def test_lines_no_line_and_line_0_are_markets_of_their_own(event):
    lines = (None, "0", "0.25", "-0.25", "2.5")
    store(event, 0, *(make_market("3774", ("1.9", "1.8"), line=line) for line in lines))
    result = store(
        event, 1, *(make_market("3774", ("1.9", "1.7" if line == "0" else "1.8"), line=line) for line in lines)
    )
    assert result.inserted_history == 1
    assert history(captured_at=at(1)).get().line == Decimal("0")


def test_a_line_with_other_zeros_is_the_same_line(event):
    store(event, 0, make_market("5000", ("1.9", "1.8"), line="2.50"))
    result = store(event, 1, make_market("5000", ("1.9", "1.8"), line="2.5"))
    assert (result.unchanged, result.missed_once) == (1, 0)
    assert str(MarketOddsCurrent.objects.get().line) == "2.5"


def test_bookmakers_of_one_event_do_not_touch_each_other(event):
    store(event, 0, make_market("3743"))
    store(event, 1, make_market("3743", ("2.5", "3", "3")), slug="sportybet")
    assert dict(MarketOddsCurrent.objects.values_list("bookmaker_slug", "last_updated_at")) == {
        "betpawa": at(0),
        "sportybet": at(1),
    }


def test_an_event_without_betpawa_is_stored_like_any_other():
    rival = make_event(links={"bet9ja": "n7"}, sportradar_id=None)
    assert store(rival, 0, make_market("3743"), slug="bet9ja").inserted_history == 1


@pytest.mark.parametrize("minute", [0, -1])
def test_an_observation_that_is_not_newer_changes_nothing(event, minute):
    store(event, 0, make_market("3743"))
    result = store(event, minute, make_market("3743", ("9", "9", "9")))
    assert (result.skipped_stale, result.inserted_history) == (1, 0)
    assert prices(MarketOddsCurrent.objects.get())[0] == "2.1"


def test_two_answers_about_one_event_in_a_batch_are_stored_in_the_order_of_observation(event):
    result = write(
        observe(event, 2, make_market("3743", ("2.3", "3", "3"))),
        observe(event, 1, make_market("3743", ("2.2", "3", "3"))),
    )
    assert result.inserted_history == 2
    assert [prices(row)[0] for row in history()] == ["2.2", "2.3"]
    assert prices(MarketOddsCurrent.objects.get())[0] == "2.3"


def test_the_same_market_twice_in_an_answer_is_one_row_the_first(event):
    result = store(event, 0, make_market("3743", ("2.1", "3", "3")), make_market("3743", ("9", "9", "9")))
    assert (result.upserted_current, result.duplicates) == (1, 1)
    assert prices(MarketOddsCurrent.objects.get())[0] == "2.1"


# --- Availability -------------------------------------------------------------------------------


def test_one_answer_without_a_market_only_marks_it(event):
    store(event, 0, make_market("3743"), make_market("3795"))
    result = store(event, 1, make_market("3743"))
    assert (result.missed_once, result.became_unavailable, result.inserted_history) == (1, 0, 0)
    row = MarketOddsCurrent.objects.with_confirmed_at().get(betpawa_market_id="3795")
    assert (row.missed_count, row.missed_at, row.unavailable_at) == (1, at(1), None)
    assert row.last_confirmed_at == at(0)
    assert withdraw_due("betpawa", at(1)).withdrawn == 0


def gone_market(event, *, markets=3):
    """Markets 3743 … of which 3795 is withdrawn at minute 3, after misses at minutes 1 and 2."""
    rest = [make_market(str(100 + number)) for number in range(markets)]
    store(event, 0, *rest, make_market("3795"))
    store(event, 1, *rest)
    store(event, 2, *rest)
    result = withdraw_due("betpawa", at(3), hold_share=0.5)
    assert (result.withdrawn, result.held) == (1, False)
    return rest


def test_a_second_complete_answer_without_it_withdraws_it_since_the_first(event):
    gone_market(event)
    row = MarketOddsCurrent.objects.with_confirmed_at().get(betpawa_market_id="3795")
    assert (row.unavailable_at, row.last_updated_at, row.last_confirmed_at) == (at(1), at(3), at(0))
    newest = history(betpawa_market_id="3795").last()
    assert (newest.is_available, newest.unavailable_at, newest.captured_at) == (False, at(1), at(3))
    assert newest.outcomes == row.outcomes


def test_a_withdrawn_market_stays_in_the_comparison_state_and_is_not_missed_again(event):
    rest = gone_market(event)
    result = store(event, 4, *rest)
    assert (result.missed_once, result.became_unavailable) == (0, 0)
    assert withdraw_due("betpawa", at(5)).withdrawn == 0
    assert history(betpawa_market_id="3795").count() == 2


def test_a_returning_market_clears_unavailable_at(event):
    rest = gone_market(event)
    result = store(event, 4, *rest, make_market("3795"))
    assert (result.became_available, result.inserted_history) == (1, 1)
    row = MarketOddsCurrent.objects.with_confirmed_at().get(betpawa_market_id="3795")
    assert (row.unavailable_at, row.missed_count, row.missed_at, row.last_confirmed_at) == (None, 0, None, at(4))
    assert [h.is_available for h in history(betpawa_market_id="3795")] == [True, False, True]


def test_a_market_missed_once_and_back_as_it_was_leaves_no_history(event):
    store(event, 0, make_market("3743"), make_market("3795"))
    store(event, 1, make_market("3743"))
    result = store(event, 2, make_market("3743"), make_market("3795"))
    assert (result.inserted_history, result.became_available) == (0, 0)
    row = MarketOddsCurrent.objects.get(betpawa_market_id="3795")
    assert (row.missed_count, row.missed_at, row.last_seen_at) == (0, None, None)
    assert store(event, 3, make_market("3743")).missed_once == 1


def test_the_flag_lands_on_the_exact_line_of_the_exact_event(event):
    other = make_event(links={"betpawa": "b2"})
    lines = [make_market("5000", ("1.9", "1.8"), line=line) for line in ("1.5", "2.5", "3.5", None)]
    for each in (event, other):
        store(each, 0, *lines)
    for minute in (1, 2):
        store(event, minute, lines[0], *lines[2:])
        store(other, minute, *lines)
    withdraw_due("betpawa", at(3))
    gone = MarketOddsCurrent.objects.exclude(unavailable_at=None).get()
    assert (gone.event_id, gone.line) == (event.pk, Decimal("2.5"))


def test_an_incomplete_answer_updates_what_it_holds_and_concludes_nothing(event):
    store(event, 0, make_market("3743"), make_market("3795"))
    result = store(event, 1, make_market("3743", ("2.2", "3", "3")), complete=False)
    assert (result.inserted_history, result.missed_once) == (1, 0)
    link = EventLink.objects.get(event=event, bookmaker_slug="betpawa")
    assert (link.confirmed_at, link.observed_at) == (at(0), at(1))


def test_a_market_that_was_there_but_unreadable_is_not_missing(event):
    store(event, 0, make_market("3743"), make_market("5000", ("1.9", "1.8"), line="2.5"))
    result = store(event, 1, make_market("3743"), unreadable=(("5000", Decimal("2.50")),))
    assert result.missed_once == 0


def test_no_line_of_a_market_that_was_there_but_unreadable_is_missing(event):
    lines = [make_market("5000", ("1.9", "1.8"), line=line) for line in (None, "0", "2.5")]
    store(event, 0, make_market("3743"), make_market("50"), *lines)
    answer = msgspec.structs.replace(observe(event, 1, make_market("3743"), lines[0]), unreadable_market_ids=("5000",))
    assert write(answer).missed_once == 1
    assert MarketOddsCurrent.objects.get(missed_count=1).betpawa_market_id == "50"
    # Neither seen nor missing: what it missed before is not forgotten either.
    store(event, 2, make_market("3743"), make_market("50"), *lines[:2])
    write(msgspec.structs.replace(observe(event, 3, *lines[:2]), unreadable_market_ids=("5000", "50", "3743")))
    assert MarketOddsCurrent.objects.get(missed_count=1).line == Decimal("2.5")


def test_a_return_observed_before_the_withdrawal_was_written_is_dated_after_it(event):
    rest = gone_market(event)
    store(event, 2.5, *rest, make_market("3795"))
    rows = list(history(betpawa_market_id="3795"))
    assert [row.is_available for row in rows] == [True, False, True]
    assert rows[2].captured_at > rows[1].captured_at


# --- State lives in the database ----------------------------------------------------------------


def test_lost_fingerprints_are_read_from_the_rows_and_write_no_spurious_history(event):
    markets = make_market("3743"), make_market("5000", ("1.9", "1.8"), line="2.5"), make_market("5000", line="0")
    store(event, 0, *markets)
    LinkFingerprints.objects.all().delete()
    result = store(event, 1, *markets[:2])
    assert (result.inserted_history, result.unchanged, result.missed_once) == (0, 2, 1)


def test_a_batch_joins_the_callers_transaction(event):
    class Undo(Exception):
        pass

    with pytest.raises(Undo), transaction.atomic():
        store(event, 0, make_market("3743"))
        store(event, 1, make_market("3743", ("2.2", "3", "3")))
        assert history().count() == 2
        raise Undo
    assert not MarketOddsCurrent.objects.exists()
    assert not MarketOddsHistory.objects.exists()
    assert EventLink.objects.get(event=event, bookmaker_slug="betpawa").observed_at is None


def test_the_statements_of_a_batch_do_not_grow_with_its_events(django_assert_num_queries):
    def cost(number):
        events = [make_event(links={"betpawa": f"q{number}-{index}"}) for index in range(number)]
        with count_statements() as statements:
            write(*(observe(event, 0, make_market("3743"), make_market("3795")) for event in events))
        return len(statements)

    assert cost(1) == cost(20)


class count_statements:
    """Counts what this connection sends, COPY and raw cursors included."""

    def __enter__(self):
        import psycopg

        self.sent, self.execute, self.copy = [], psycopg.Cursor.execute, psycopg.Cursor.copy

        def execute(cursor, query, *args, **kwargs):
            self.sent.append(query)
            return self.execute(cursor, query, *args, **kwargs)

        def copy(cursor, query, *args, **kwargs):
            self.sent.append(query)
            return self.copy(cursor, query, *args, **kwargs)

        self.module = psycopg
        psycopg.Cursor.execute, psycopg.Cursor.copy = execute, copy
        return self.sent

    def __exit__(self, *exc):
        self.module.Cursor.execute, self.module.Cursor.copy = self.execute, self.copy


# --- Bad data -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "poison",
    [
        make_market("66", name="nul \x00 in the name"),
        make_market("66", names=("a", "b\x00", "c")),
        make_market("66", names=("a", "\ud800", "c")),
        make_market("66", line="NaN"),
        make_market("66", name="x" * 256),
        make_market("6" * 51),
        make_market(""),
    ],
    ids=["nul in name", "nul in outcome", "half a surrogate", "line is no number", "long name", "long id", "no id"],
)
def test_a_market_that_cannot_be_stored_costs_only_itself(event, poison):
    result = store(event, 0, make_market("3743"), poison, make_market("3795"))
    assert set(MarketOddsCurrent.objects.values_list("betpawa_market_id", flat=True)) == {"3743", "3795"}
    (item,) = result.set_aside
    assert (item.bookmaker_slug, item.event_id, item.external_id) == ("betpawa", event.pk, "b1")
    assert item.reason and item.detail


def test_a_market_that_the_database_refuses_costs_only_itself(event, monkeypatch):
    other = make_event(links={"betpawa": "b2"})
    store(event, 0, make_market("3743"), make_market("77"))
    poison = make_market("77", ("2", "2", "2"), name="x" * 300)
    monkeypatch.setattr("odds.storage.rows.MAX_NAME", 1000)
    result = write(
        observe(other, 1, make_market("3743")),
        observe(event, 1, make_market("3743", ("5", "5", "5")), poison, make_market("3795")),
    )
    assert [(item.market_key, item.reason) for item in result.set_aside] == [("77|", "REFUSED_BY_DATABASE")]
    assert result.inserted_history == 3
    assert MarketOddsCurrent.objects.get(betpawa_market_id="77").missed_count == 0


def test_an_answer_about_an_unknown_link_is_set_aside(event):
    stray = make_event()
    result = write(observe(stray, 0, make_market("3743")), observe(event, 0, make_market("3743")))
    assert [(item.reason, item.event_id) for item in result.set_aside] == [("NO_LINK", stray.pk)]
    assert result.inserted_history == 1


def test_text_that_copy_and_json_must_escape_comes_back_as_it_was(event):
    nasty = 'tab\t newline\n cr\r back\\slash "quote" \\N \\. é 漢 {}'
    store(event, 0, make_market("3743", name=nasty, names=(nasty, "b\\", 'c"')))
    row = MarketOddsCurrent.objects.get()
    assert row.betpawa_market_name == nasty
    assert [outcome["name"] for outcome in row.outcomes] == [nasty, "b\\", 'c"']
    assert MarketOddsHistory.objects.get().outcomes == row.outcomes
