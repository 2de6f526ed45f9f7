"""Decisions as a page: who decided what, and taking back everything of one person in one go."""

import re
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from mappings import services
from mappings.batch_words import batch_words
from mappings.deciding import deciding
from mappings.ignore_rules import create_rule, update_rule
from mappings.models import DecisionBatch, IgnoreRule, MappingAuditLog, UnmappedMarketLog, UserMarketMapping
from mappings.tests.preview_builders import yes_no
from tests.admin_rows import ESCAPED, HOSTILE, make_unmapped, sign_in

pytestmark = pytest.mark.django_db


def decisions(client, **query):
    return client.get(reverse("admin:mappings_decisions"), query)


def take_back(client, **sent):
    address = reverse("admin:mappings_take_back")
    shown = client.get(address, sent)
    posted = {**sent, "since": shown.context["since"].isoformat(), "upto": shown.context["upto"]}
    posted.pop("hours", None)
    return shown, client.post(address, posted)


def statuses():
    return list(UnmappedMarketLog.objects.order_by("id").values_list("status", flat=True))


def three_decisions(user="bob"):
    """Two markets acknowledged, one of them then mapped, the other then ignored."""
    rows = [make_unmapped(1), make_unmapped(2)]
    services.acknowledge(ids=[row.pk for row in rows], user=user, reason="seen")
    values = {"name": "Penalty", "betpawa_id": "777", "outcome_mapping": yes_no("Over", None)}
    services.map_to(ids=[rows[0].pk], canonical_id="penalty", values=values, user=user, reason="read")
    services.ignore(ids=[rows[1].pk], user=user, reason="props")
    return rows


def test_everyone_reads_who_decided_what_and_who_took_it_back():
    three_decisions()
    batch = DecisionBatch.objects.get(kind="ignore")
    services.undo_batch(batch.pk, "lea", "wrong")
    client = sign_in("viewer")
    page = decisions(client)
    assert [b.kind for b in page.context["batches"]] == ["undo", "ignore", "map", "acknowledge"]
    assert b"Undone" in page.content and b"lea" in page.content and b"Undo\xe2\x80\xa6" not in page.content
    assert [b.kind for b in decisions(client, actor="bob", undone="no").context["batches"]] == ["map", "acknowledge"]
    assert [b.kind for b in decisions(client, kind="map").context["batches"]] == ["map"]


def test_decisions_about_mappings_suggestions_and_rules_say_about_which():
    row = make_unmapped(1)
    values = {"betpawa_id": "777", "outcome_mapping": yes_no("Over", None)}
    for name in ("Penalty", "Own goal"):
        services.create_mapping(
            canonical_id=name.lower().replace(" ", "_"), values={**values, "name": name}, user="bob"
        )
    with deciding("mapping", "bob"):
        for name in ("own_goal", "penalty"):
            services.deactivate_mapping(canonical_id=name, user="bob")
    rejected = services.reject_suggestion(id=row.pk, betpawa_id="777", user="bob").batch_id
    services.undo_batch(rejected, "bob")
    create_rule(name="No coaches", conditions={"name_contains": "coach"}, user="bob")
    page = decisions(sign_in("viewer"))
    about = [page.context["decided_about"].get(batch.pk) for batch in page.context["batches"]]
    assert about == ["“No coaches”", *["Corner range 1"] * 2, "Own goal and 1 more", "Own goal", "Penalty"]
    assert batch_words(DecisionBatch.objects.get(pk=rejected)).startswith("rejecting a suggestion for Corner range 1, ")


@pytest.mark.parametrize(
    ("role", "words"),
    [("trader", "Undo everything that I decided in the last hour"), ("lead", "Undo everything of a-lead bob in the")],
)
def test_the_way_to_take_back_reads_as_a_sentence(role, words):
    three_decisions()
    services.acknowledge(ids=[make_unmapped(3).pk], user="a-lead")
    form = decisions(sign_in(role)).content.decode().partition("/take-back/")[2].partition("</form>")[0]
    assert words in " ".join(re.sub("<[^>]*>", " ", form.partition(">")[2]).split())


def test_a_lead_takes_back_all_of_one_person_newest_first():
    three_decisions()
    shown, done = take_back(sign_in("lead"), actor="bob", hours="1")
    assert [result.is_done for result in shown.context["results"]] == [True, True, True]
    assert not shown.context["is_done"]
    assert [result.batch.kind for result in done.context["results"]] == ["ignore", "map", "acknowledge"]
    assert done.context["done"] == 3 and statuses() == ["NEW", "NEW"]
    assert not UserMarketMapping.objects.get().is_active


def test_looking_changes_nothing():
    three_decisions()
    count = DecisionBatch.objects.count()
    sign_in("lead").get(reverse("admin:mappings_take_back"), {"actor": "bob", "hours": "1"})
    assert statuses() == ["MAPPED", "IGNORED"] and DecisionBatch.objects.count() == count


def test_who_looks_locks_nothing_and_reads_of_a_mapping_that_was_changed_step_by_step_what_then_happens():
    three_decisions()
    for name in ("Two", "Three"):
        services.update_mapping(canonical_id="penalty", changes={"name": name}, user="bob")
    services.deactivate_mapping(canonical_id="penalty", user="bob")
    create_rule(name="Props", conditions={"name_contains": "nothing"}, user="bob")
    update_rule(id=IgnoreRule.objects.get().pk, changes={"position": 7}, user="bob")
    client = sign_in("lead")
    with CaptureQueriesContext(connection) as looked:
        client.get(reverse("admin:mappings_take_back"), {"actor": "bob", "hours": "1"})
    written = ("INSERT", "UPDATE", "DELETE", "FOR UPDATE", "pg_advisory")
    assert not [q["sql"] for q in looked if any(word in q["sql"] for word in written) and "session" not in q["sql"]]
    shown, done = take_back(client, actor="bob", hours="1")
    told = [[(result.is_done, result.undone.items) for result in page.context["results"]] for page in (shown, done)]
    assert told[0] == told[1] and all(is_done for is_done, _ in told[0]) and len(told[0]) == 8
    assert statuses() == ["NEW", "NEW"]


def test_what_somebody_else_decided_since_stays_and_the_others_go_on():
    rows = three_decisions()
    services.reopen(ids=[rows[1].pk], user="cyd", reason="not props")
    _, done = take_back(sign_in("lead"), actor="bob", hours="1")
    by_kind = {result.batch.kind: result for result in done.context["results"]}
    assert by_kind["map"].is_done and not by_kind["ignore"].is_done and not by_kind["acknowledge"].is_done
    assert "cyd" in by_kind["ignore"].standing[0].detail
    assert statuses() == ["ACKNOWLEDGED", "NEW"]


def test_partly_takes_back_what_nobody_stands_in_the_way_of():
    rows = three_decisions()
    services.reopen(ids=[rows[1].pk], user="cyd", reason="not props")
    _, done = take_back(sign_in("lead"), actor="bob", hours="1", partly="1")
    assert {r.batch.kind: r.is_done for r in done.context["results"]}["acknowledge"]
    assert statuses() == ["NEW", "NEW"]


@pytest.mark.parametrize("since", ["yesterday", "0001-01-01", "0001-01-01T00:00+14:00", "9999-12-31T23:59-14:00"])
def test_a_moment_that_is_none_takes_nothing_back(since):
    three_decisions()
    answer = sign_in("lead").post(reverse("admin:mappings_take_back"), {"actor": "bob", "since": since})
    assert (answer.status_code, answer.context["is_done"]) == (200, False)
    assert "MAPPED" in statuses()


def test_what_was_decided_after_one_looked_is_not_taken_back_with_it():
    three_decisions()
    client = sign_in("lead")
    shown = client.get(reverse("admin:mappings_take_back"), {"actor": "bob", "hours": "1"})
    late = make_unmapped(3)
    services.ignore(ids=[late.pk], user="bob", reason="later")
    sent = {"actor": "bob", "since": shown.context["since"].isoformat(), "upto": shown.context["upto"]}
    client.post(reverse("admin:mappings_take_back"), sent)
    assert statuses() == ["NEW", "NEW", "IGNORED"]


def test_a_trader_takes_back_only_ones_own_and_a_viewer_nothing():
    three_decisions("a-trader")
    three = DecisionBatch.objects.count()
    services.ignore(ids=[make_unmapped(4).pk], user="bob", reason="")
    trader, address = sign_in("trader"), reverse("admin:mappings_take_back")
    assert trader.get(address, {"actor": "bob"}).status_code == 403
    assert trader.post(address, {"actor": "bob"}).status_code == 403
    assert sign_in("viewer").post(address, {"actor": "a-viewer"}).status_code == 403
    assert DecisionBatch.objects.count() == three + 1
    _, done = take_back(trader, hours="1")
    assert done.context["done"] == 3 and statuses() == ["NEW", "NEW", "IGNORED"]


def test_the_list_of_decisions_costs_the_same_with_three_and_with_thirty():
    client = sign_in("lead")
    rows = three_decisions()
    decisions(client)  # whatever is filled once per process
    with CaptureQueriesContext(connection) as few:
        decisions(client)
    for number in range(10):
        services.ignore(ids=[make_unmapped(10 + number).pk], user="cyd", reason="")
        services.undo_last("cyd")
        services.set_notes(id=rows[0].pk, notes=f"note {number}", user="dee")
    with CaptureQueriesContext(connection) as many:
        assert len(decisions(client).context["batches"]) == 33
    assert len(many) == len(few) < 20


def test_hostile_names_and_reasons_are_escaped_on_every_page_of_decisions_and_mappings():
    row = make_unmapped(1)
    values = {"name": HOSTILE, "betpawa_id": "777", "outcome_mapping": yes_no(HOSTILE, None)}
    services.map_to(ids=[row.pk], canonical_id="penalty", values=values, user=HOSTILE, reason=HOSTILE)
    UserMarketMapping.objects.update(extra_source_keys=[{"bookmaker": "bet9ja", "key": HOSTILE[:50]}])
    client = sign_in("lead")
    change = MappingAuditLog.objects.order_by("id").first()
    for address in (
        reverse("admin:mappings_decisions"),
        reverse("admin:mappings_take_back") + "?" + urlencode({"actor": HOSTILE}),
        reverse("admin:mappings_detail", args=["penalty"]) + f"?a={change.pk}&b={change.pk + 1}",
        reverse("admin:mappings_restore", args=["penalty", change.pk]),
        reverse("admin:mappings_switch", args=["penalty"]),
        reverse("admin:mappings_batch", args=[change.batch_id]),
    ):
        page = client.get(address).content.decode()
        assert "<script>alert" not in page and ESCAPED in page, address


def test_no_more_than_one_request_takes_is_taken_back_at_once(monkeypatch):
    monkeypatch.setattr("mappings.admin_decisions_pages.MOST_CHANGES", 2)
    three_decisions()
    shown, done = take_back(sign_in("lead"), actor="bob", hours="1")
    assert [result.batch.kind for result in done.context["results"]] == ["ignore"]
    assert shown.context["more"] == 2


def mapped_by_bob(count, start=100):
    for number in range(start, start + count):
        values = {"name": "Penalty", "betpawa_id": str(number), "outcome_mapping": yes_no("Over", None)}
        row = make_unmapped(number, market_name=f"Market {number}")
        services.map_to(ids=[row.pk], canonical_id=f"m{number}", values=values, user="bob")


def test_taking_back_many_reads_what_taking_back_few_reads_and_writes_three_statements_for_each():
    client, asked = sign_in("lead"), {"actor": "bob", "hours": "1"}
    mapped_by_bob(2)
    with CaptureQueriesContext(connection) as few:
        take_back(client, **asked)
    mapped_by_bob(12, start=200)
    with CaptureQueriesContext(connection) as many:
        _, done = take_back(client, **asked)
    assert done.context["done"] == 12 and set(statuses()) == {"NEW"}
    assert len(many) - len(few) <= 3 * 10


def test_all_that_was_taken_back_together_is_done_again_and_undone_again_by_one_button_each():
    mapped_by_bob(3)
    client, address = sign_in("lead"), reverse("admin:mappings_take_back")
    shown, done = take_back(client, actor="bob", hours="1")
    assert "Market 101" in shown.content.decode()
    again = done.context["again"]
    assert f"again={again}" in done.content.decode()
    one = DecisionBatch.objects.filter(kind="undo").first()
    assert f"again={one.pk}" in client.get(reverse("admin:mappings_batch", args=[one.pk])).content.decode()
    foreseen = client.get(address, {"again": again})
    assert [result.is_done for result in foreseen.context["results"]] == [True] * 3
    assert set(statuses()) == {"NEW"}
    redone = client.post(address, {"again": again, "upto": foreseen.context["upto"]})
    assert redone.context["done"] == 3 and set(statuses()) == {"MAPPED"}
    assert UserMarketMapping.objects.filter(is_active=True).count() == 3
    client.post(address, {"again": redone.context["again"]})
    assert set(statuses()) == {"NEW"}


def test_somebody_elses_take_back_is_done_again_by_a_lead_only():
    mapped_by_bob(2)
    lead, address = sign_in("lead"), reverse("admin:mappings_take_back")
    _, done = take_back(lead, actor="bob", hours="1")
    assert sign_in("trader").post(address, {"again": done.context["again"]}).status_code == 403
    assert lead.get(address, {"again": "999999"}).status_code == 404
