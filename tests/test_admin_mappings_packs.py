"""Packs in the admin: downloaded, reviewed as a diff, and what is ticked taken over in one decision."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from mappings import services
from mappings.models import DecisionBatch, UserMarketMapping
from mappings.packs import export_pack
from mappings.tests.preview_builders import yes_no
from tests.admin_rows import sign_in

pytestmark = pytest.mark.django_db

HERE, BATCH = "admin:mappings_packs", "admin:mappings_batch"


def make(canonical_id="penalty", betpawa_id="777", **changes):
    values = {"name": canonical_id.title(), "betpawa_id": betpawa_id, "outcome_mapping": yes_no(), **changes}
    return services.create_mapping(canonical_id=canonical_id, values=values, user="ada", reason="first").mapping


def packed_then_changed():
    """A pack with two mappings, one of which was renamed here before, the other is not here."""
    make()
    make("corners", "778")
    data = export_pack()
    UserMarketMapping.objects.filter(canonical_id="corners").delete()
    services.update_mapping(canonical_id="penalty", changes={"name": "Ours"}, user="bob", reason="better")
    return data


def upload(client, data):
    return client.post(reverse(HERE), {"pack": SimpleUploadedFile("pack.json", data, "application/json")})


def confirm(client, page, **changes):
    context = page.context
    sent = {"do": "import", "carried": context["carried"], "seen": context["seen"], "reason": "from staging"}
    return client.post(reverse(HERE), {**sent, **changes})


def test_what_is_downloaded_is_the_pack_byte_for_byte():
    make()
    answer = sign_in("viewer").get(reverse("admin:mappings_pack_export"))
    assert answer.content == export_pack() and "attachment" in answer.headers["Content-Disposition"]


def test_a_review_shows_what_is_new_and_what_differs_and_writes_nothing():
    data = packed_then_changed()
    page = upload(sign_in("trader"), data)
    assert [item.id for item, _ in page.context["created"]] == ["corners"]
    ((item, lines),) = page.context["changed"]
    assert (item.id, lines) == ("penalty", [("name", "Ours", "Penalty")]) and "bob" in item.newer_here
    assert UserMarketMapping.objects.get().name == "Ours"


def test_only_what_is_ticked_is_taken_over_as_one_decision():
    client, data = sign_in("lead"), packed_then_changed()
    answer = confirm(client, upload(client, data), only=["corners"])
    batch = DecisionBatch.objects.get(kind="import")
    assert answer.headers["Location"] == reverse(BATCH, args=[batch.pk])
    assert {m.canonical_id: m.name for m in UserMarketMapping.objects.all()} == {
        "penalty": "Ours",
        "corners": "Corners",
    }
    assert (batch.actor, batch.reason, batch.item_count) == ("a-lead", "from staging", 1)


def test_a_review_that_is_out_of_date_imports_nothing_and_is_shown_anew():
    client, data = sign_in("lead"), packed_then_changed()
    page = upload(client, data)
    services.update_mapping(canonical_id="penalty", changes={"name": "Newest"}, user="cyd", reason="")
    answer = confirm(client, page, only=["penalty"])
    assert "look at it again" in answer.context["problems"][0]
    assert answer.context["changed"][0][1] == [("name", "Newest", "Penalty")]
    assert UserMarketMapping.objects.get().name == "Newest"


@pytest.mark.parametrize(
    ("changes", "word"), [({"only": []}, "Tick"), ({"only": ["corners"], "reason": " "}, "reason")]
)
def test_an_import_needs_a_choice_and_a_reason(changes, word):
    client, data = sign_in("lead"), packed_then_changed()
    assert word in confirm(client, upload(client, data), **changes).context["problems"][0]
    assert not DecisionBatch.objects.filter(kind="import").exists()


@pytest.mark.parametrize("data", [b"", b"no json", b"[]", json.dumps({"format": "other"}).encode()])
def test_a_file_that_is_no_pack_is_refused_in_words(data):
    page = upload(sign_in("trader"), data)
    assert page.status_code == 200 and page.context["problems"]


def test_a_pack_that_was_changed_on_the_way_is_refused():
    client, data = sign_in("lead"), packed_then_changed()
    page = upload(client, data)
    for carried in ("", "AAAA", page.context["carried"][:-8] + "AAAAAAA="):
        assert confirm(client, page, carried=carried, only=["corners"]).context["problems"]
    assert not DecisionBatch.objects.filter(kind="import").exists()


def test_a_viewer_reviews_nothing_and_a_trader_imports_nothing():
    data = packed_then_changed()
    assert upload(sign_in("viewer"), data).status_code == 403
    trader = sign_in("trader")
    page = upload(trader, data)
    assert page.status_code == 200 and b"A lead imports it" in page.content
    assert confirm(trader, page, only=["corners"]).status_code == 403
    assert not DecisionBatch.objects.filter(kind="import").exists()
