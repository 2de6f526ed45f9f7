"""What a decision made stale among suggestions is put right by the task queue, after the commit, in one task."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_q.models import OrmQ

from mappings import tasks
from mappings.deciding import deciding
from mappings.models import MarketSuggestion, UnmappedMarketLog
from mappings.services import (
    acknowledge,
    create_mapping,
    deactivate_mapping,
    ignore,
    map_to,
    reject_suggestion,
    rescoring,
    undo_batch,
)
from mappings.tests.preview_builders import queue_row, yes_no
from mappings.tests.query_plans import looked_up_by, queue_of_many

pytestmark = pytest.mark.django_db
NEW = {"name": "Penalty awarded", "betpawa_id": "777001", "outcome_mapping": yes_no()}


def suggested(row, betpawa_id="777001", rank=1):
    MarketSuggestion.objects.create(
        unmapped=row, rank=rank, betpawa_id=betpawa_id, name="Penalty awarded", confidence=0.9, band="strong", score=3
    )
    return row


@pytest.fixture
def committed(django_capture_on_commit_callbacks):
    """Do something as a request does it; the rows of each rescoring that was asked for."""

    def do(action):
        OrmQ.objects.all().delete()
        with django_capture_on_commit_callbacks(execute=True):
            result = action()
            assert not OrmQ.objects.exists()
        found = [queued.task for queued in OrmQ.objects.order_by("pk")]
        assert {task["func"] for task in found} <= {"mappings.tasks.rescore_rows"}
        return result, [task["args"][0] for task in found]

    return do


@pytest.fixture
def rows():
    """One to be mapped, two with its target among their suggestions, one of those decided, one apart."""
    keys = {"mapped": 1, "first": 2, "second": 3, "ignored": 4, "apart": 5}
    rows = {name: queue_row(str(900 + key)) for name, key in keys.items()}
    for name in ("mapped", "first", "ignored"):
        suggested(rows[name])
    suggested(rows["second"], rank=2)
    suggested(rows["apart"], "777002")
    ignore(ids=[rows["ignored"].pk], user="bob")
    return rows


def test_mapping_scores_the_open_rows_anew_to_which_the_same_market_was_suggested(rows, committed):
    _, asked = committed(lambda: map_to(ids=[rows["mapped"].pk], canonical_id="pen", values=NEW, user="ada"))
    assert asked == [[rows["first"].pk, rows["second"].pk]]


def test_undoing_it_scores_them_and_the_row_itself_anew(rows, committed):
    made, _ = committed(lambda: map_to(ids=[rows["mapped"].pk], canonical_id="pen", values=NEW, user="ada"))
    _, asked = committed(lambda: undo_batch(made.batch_id, "ada"))
    assert asked == [[rows[name].pk for name in ("mapped", "first", "second")]]


def test_a_mapping_changed_by_hand_counts_too_and_other_decisions_do_not(rows, committed):
    _, asked = committed(lambda: create_mapping(canonical_id="pen", values=NEW | {"sportybet_id": "1"}, user="ada"))
    assert asked == [[rows[name].pk for name in ("mapped", "first", "second")]]
    _, asked = committed(lambda: deactivate_mapping(canonical_id="pen", user="ada"))
    assert len(asked) == 1
    assert committed(lambda: acknowledge(ids=[rows["first"].pk], user="ada"))[1] == []


def test_many_decisions_in_one_batch_are_one_task_also_where_a_part_was_taken_back(rows, committed):
    def several():
        with deciding("map", "ada"):
            with pytest.raises(RuntimeError), deciding("map", "ada"):
                create_mapping(canonical_id="other", values=NEW | {"sportybet_id": "2"}, user="ada")
                raise RuntimeError("no")
            for name in ("mapped", "first"):
                map_to(ids=[rows[name].pk], canonical_id="pen", values=NEW, user="ada")

    _, asked = committed(several)
    assert asked == [[rows["second"].pk]]


def test_a_decision_that_is_rolled_back_asks_for_nothing(rows, committed):
    def refused():
        with pytest.raises(RuntimeError), deciding("map", "ada"):
            map_to(ids=[rows["mapped"].pk], canonical_id="pen", values=NEW, user="ada")
            raise RuntimeError("no")

    assert committed(refused)[1] == []


def test_undoing_a_rejection_scores_its_row_anew_and_so_does_rejecting_again(rows, committed):
    row = rows["first"]
    made, asked = committed(lambda: reject_suggestion(id=row.pk, betpawa_id="777001", user="ada"))
    assert asked == []  # it was withdrawn at once
    undone, asked = committed(lambda: undo_batch(made.batch_id, "ada"))
    assert asked == [[row.pk]]
    assert committed(lambda: undo_batch(undone.batch_id, "ada"))[1] == [[row.pk]]


def test_a_task_has_a_bounded_number_of_rows(rows, committed, monkeypatch):
    monkeypatch.setattr(rescoring, "MOST_ROWS", 1)
    _, asked = committed(lambda: map_to(ids=[rows["mapped"].pk], canonical_id="pen", values=NEW, user="ada"))
    assert asked == [[rows["first"].pk]]


def test_the_task_scores_and_orders_what_is_open_still(rows, monkeypatch):
    scored = []
    monkeypatch.setattr(tasks, "rescore", lambda ids: scored.append(("scored", ids)))
    monkeypatch.setattr(tasks, "reprioritise", lambda ids: scored.append(("ordered", ids)))
    ids = [rows["ignored"].pk, rows["first"].pk]
    assert tasks.rescore_rows(ids) == 1
    assert scored == [("scored", [rows["first"].pk]), ("ordered", [rows["first"].pk])]
    UnmappedMarketLog.objects.all().delete()
    assert tasks.rescore_rows(ids) == 0
    assert len(scored) == 2


def test_the_task_runs_on_a_real_queue(rows):
    assert tasks.rescore_rows([rows["first"].pk]) == 1
    rows["first"].refresh_from_db()
    assert rows["first"].suggested_at and rows["first"].best_betpawa_id != "777001"


def test_the_rows_of_rejected_pairs_are_found_by_their_key():
    row, _ = queue_row("901"), queue_row("901", source="bet9ja")
    queue_of_many()
    with CaptureQueriesContext(connection) as asked:
        assert rescoring.rows_of([{"source": "sportybet", "key": "901"}]) == [row.pk]
    found = looked_up_by(asked, "unmapped_market_log")
    assert "(source)" in found and "(external_market_id)" in found
