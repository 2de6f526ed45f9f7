"""The map dialog: the market is found, its outcomes are checked, and one save maps the rows."""

import re

import pytest
from django.urls import reverse

from mappings.models import MappingAuditLog, MarketSuggestion, UnmappedMarketLog, UserMarketMapping
from mappings.services import create_mapping, update_mapping
from mappings.services.mappings import new_row
from mappings.tests.builders import market
from mappings.tests.preview_builders import keep_fixture, yes_no
from tests.admin_rows import make_unmapped, sign_in
from tests.test_admin_mappings import problems

pytestmark = pytest.mark.django_db

MAP = "/admin/mappings/unmappedmarketlog/map/"
ON_MARKET = {"has_keys": "1", "has_outcomes": "1", "do": "save"}


def statuses():
    return dict(UnmappedMarketLog.objects.values_list("external_market_id", "status"))


def form_of(answer):
    """What the page's form would send if nothing were typed."""
    context = answer.context
    draft, form = context["draft"], context["form"]
    data = {"ids": context["ids"], "canonical_id": draft.canonical_id, **ON_MARKET}
    data |= {"new": "1"} if context["is_new"] else {}
    data |= {"read_version": draft.version} if draft.version is not None else {}
    data |= {name: form.values[name] or "" for name in ("name", "kind", "period", "subject", "side", "subkind")}
    data |= {name: form.values[name] or "" for name in ("line_semantics", "betpawa_id", "sportybet_id", "bet9ja_key")}
    data |= {f"key:{place}:{name}": item[name] for place, item in form.keys for name in ("bookmaker", "key")}
    data |= {f"filter:{place}:{name}": item[name] for place, item in form.filters for name in item}
    data |= {f"version:{row.pk}": row.version for row, _, _ in context["offered"]}
    for row in form.rows:
        data[f"outcome_mapping:{row.place}:canonical_id"] = row.id
        data |= {field: text for field, text, _, _ in row.cells}
    return data


def penalty(**changes):
    values = {"name": "Penalty", "betpawa_id": "777", "outcome_mapping": yes_no(None, None), **changes}
    return create_mapping(canonical_id="penalty", values=values, user="ada").mapping


def yes_no_row(number=1, **fields):
    texts = [{"text": text, "key": text, "price": "1.9"} for text in ("Yes", "No")]
    return make_unmapped(number, **{"sample_outcomes": texts, **fields})


def test_every_button_and_field_of_the_outcome_table_has_a_name_of_its_own():
    penalty()
    page = sign_in("trader").get(MAP, {"ids": yes_no_row().pk, "target": "penalty"}).content.decode()
    table, _, added = page.partition("data-outcomes>")[2].partition("<template data-outcome-template>")
    names = re.findall(r'aria-label="([^"]+)"', table)
    assert {"Move outcome 1 up", "Move outcome 2 down", "Remove outcome 2", "SportyBet, outcome 2"} <= set(names)
    assert len(names) == len(set(names))
    added = re.findall(r'aria-label="([^"]+)"', added.partition("</template>")[0])
    assert added and all("outcome 0" in name for name in added)  # numbered where it is put


def test_the_preview_says_in_words_why_something_stays_unmapped():
    penalty()
    keep_fixture(1, betpawa=[market("777", {"Yes": "1.8", "No": "1.9"})], sportybet=[market("9003001", {"Ja": "1.8"})])
    page = sign_in("trader").get(MAP, {"ids": yes_no_row().pk, "target": "penalty"}).content.decode()
    assert 'stays unmapped (<span title="NO_MATCHING_OUTCOMES">no outcome has a partner</span>)' in page


def test_mapping_a_market_makes_the_mapping_the_status_and_the_audit_row():
    row = make_unmapped()
    client = sign_in("trader")
    shown = client.get(MAP, {"ids": row.pk, "target": "over_under_ft"})
    answer = client.post(MAP, {**form_of(shown), "reason": "same rules"}, follow=True)
    assert "1 mapped to" in answer.content.decode()
    row.refresh_from_db()
    mapping = UserMarketMapping.objects.get(canonical_id="over_under_ft")
    assert row.status == "MAPPED" and row.mapped_to == mapping
    assert {"bookmaker": "sportybet", "key": row.external_market_id} in mapping.extra_source_keys
    audit = MappingAuditLog.objects.get(canonical_id="over_under_ft")
    assert (audit.action, audit.created_by, audit.reason) == ("CREATE", "a-trader", "same rules")


def test_what_was_not_touched_is_not_saved():
    mapping = penalty()
    row = yes_no_row()
    client = sign_in("trader")
    shown = client.get(MAP, {"ids": row.pk, "target": "penalty"})
    client.post(MAP, {**form_of(shown), "reason": "read"})
    audit = MappingAuditLog.objects.filter(canonical_id="penalty").order_by("-id").first()
    changed = {name for name in audit.new_value if audit.old_value[name] != audit.new_value[name]}
    assert changed - {"version", "updated_at"} == {"sportybet_id", "outcome_mapping"}
    mapping.refresh_from_db()
    assert [outcome["sportybet_desc"] for outcome in mapping.outcome_mapping] == ["Yes", "No"]


def test_markets_of_two_bookmakers_are_mapped_together_or_not_at_all():
    rows = [make_unmapped(1), make_unmapped(2, source="bet9ja", external_market_id="S_CRN")]
    client = sign_in("trader")
    shown = client.get(MAP, {"ids": ",".join(str(row.pk) for row in rows), "target": "over_under_ft"})
    data = form_of(shown) | {"reason": "read"}
    wrong = {**data, "outcome_mapping:0:bet9ja_suffix": data["outcome_mapping:1:bet9ja_suffix"]}
    answer = client.post(MAP, wrong)
    assert answer.status_code == 200 and b"Nothing was saved" in answer.content
    assert set(statuses().values()) == {"NEW"} and not UserMarketMapping.objects.exists()
    assert client.post(MAP, data).status_code == 302
    assert set(statuses().values()) == {"MAPPED"}


def test_a_market_that_no_mapping_knows_becomes_a_new_one():
    row = yes_no_row(market_name="1st Half - Penalty awarded")
    client = sign_in("trader")
    shown = client.get(MAP, {"ids": row.pk, "new": "1"})
    data = form_of(shown)
    assert (data["period"], data["kind"]) == ("1H", "simple")
    sent = {**data, "name": "Penalty awarded", "betpawa_id": "777", "reason": "their rules"}
    answer = client.post(MAP, sent, follow=True)
    assert "1 mapped to Penalty awarded" in answer.content.decode(), problems(answer)
    mapping = UserMarketMapping.objects.get()
    assert mapping.betpawa_id == "777" and mapping.sportybet_id == row.external_market_id
    assert [outcome["sportybet_desc"] for outcome in mapping.outcome_mapping] == ["Yes", "No"]


def test_a_market_of_betpawas_that_no_mapping_names_is_found_and_prefilled_from_a_kept_event():
    keep_fixture(76, betpawa=[market("778899", {"Yes": "1.8", "No": "1.9"}, name="Goalkeeper Sent Off")])
    row = yes_no_row(market_name="Goalkeeper Sent Off")
    client = sign_in("trader")
    found = client.get(reverse("admin:mappings_search"), {"ids": row.pk, "q": "goalk sent"}).json()
    assert "betpawa=778899" in found["html"].split("</tr>")[0]
    data = form_of(client.get(MAP, {"ids": row.pk, "new": "1", "betpawa": "778899"}))
    assert (data["betpawa_id"], data["name"]) == ("778899", "Goalkeeper Sent Off")
    names = [(data[f"outcome_mapping:{n}:betpawa_name"], data[f"outcome_mapping:{n}:sportybet_desc"]) for n in (0, 1)]
    assert names == [("Yes", "Yes"), ("No", "No")]


def test_a_market_that_betpawa_does_not_have_is_refused_because_its_row_would_come_back():
    row = make_unmapped()
    values = {"name": "Theirs", "outcome_mapping": [{"canonical_id": "yes"}], "bet9ja_key": "S_Q"}
    create_mapping(canonical_id="theirs", values=values, user="ada")
    client = sign_in("trader")
    data = form_of(client.get(MAP, {"ids": row.pk, "target": "theirs"})) | {"reason": "read"}
    answer = client.post(MAP, {**data, "outcome_mapping:0:sportybet_desc": "Yes"})
    assert answer.status_code == 200 and b"BetPawa has no such market" in answer.content
    assert statuses() == {row.external_market_id: "NEW"}


def test_the_pairing_is_filled_by_text_and_left_empty_where_nothing_fits():
    texts = [{"text": "GG", "key": "GG", "price": "1.9"}, {"text": "Maybe", "key": "M", "price": "9"}]
    row = make_unmapped(source="bet9ja", external_market_id="S_XYZ", sample_outcomes=texts)
    penalty()
    data = form_of(sign_in("trader").get(MAP, {"ids": row.pk, "target": "penalty"}))
    assert [data[f"outcome_mapping:{place}:bet9ja_suffix"] for place in (0, 1)] == ["GG", ""]


def test_what_kept_events_show_beyond_the_bounded_sample_is_listed_paired_and_known():
    names = [f"{home}-{away}" for home in range(5) for away in range(5)]
    scores = {name.replace("-", ":"): "9" for name in names}
    sample = [{"text": text, "key": text, "price": "9"} for text in list(scores)[:12]]
    row = make_unmapped(market_name="Score", sample_outcomes=sample)
    keep_fixture(sportybet=[market(row.external_market_id, scores)])
    outcomes = [{"canonical_id": name, "betpawa_name": name} for name in [*names, "9-9"]]
    penalty(outcome_mapping=outcomes)
    client = sign_in("trader")
    shown = client.get(MAP, {"ids": row.pk, "target": "penalty"})
    data = form_of(shown)
    ((_, _, listed),) = shown.context["samples"]
    assert listed == list(scores)
    assert [data[f"outcome_mapping:{n}:sportybet_desc"] for n in range(26)] == [*scores, ""]
    assert "not among the texts above" not in shown.content.decode()
    answer = client.post(MAP, {**data, "outcome_mapping:25:sportybet_desc": "9:9", "do": "preview"})
    assert answer.content.decode().count("not among the texts above") == 1


def test_a_new_market_is_prefilled_with_what_kept_events_show_too():
    row = yes_no_row()
    keep_fixture(sportybet=[market(row.external_market_id, {"Yes": "1.9", "No": "1.9", "Enyimba": "20"})])
    data = form_of(sign_in("trader").get(MAP, {"ids": row.pk, "new": "1"}))
    assert [data[f"outcome_mapping:{n}:sportybet_desc"] for n in range(3)] == ["away", "Yes", "No"]


def test_the_pairing_of_a_suggestion_is_taken_and_its_doubts_are_flagged():
    penalty()
    row = yes_no_row()
    pairing = [
        {"canonicalId": "yes", "betpawaName": "Yes", "text": "No", "label": "No", "flag": "swapped"},
        {"canonicalId": "no", "betpawaName": "No", "text": "", "label": "", "flag": "missing"},
    ]
    MarketSuggestion.objects.create(
        unmapped=row, rank=1, betpawa_id="777", canonical_id="penalty", name="Penalty", confidence=0.7, band="likely",
        score=1.0, pairing=pairing, reasons=[{"family": "name", "points": 2.0, "text": "names agree"}],
    )  # fmt: skip
    client = sign_in("trader")
    choices = client.get(MAP, {"ids": row.pk})
    text = choices.content.decode()
    assert "names agree" in text and "70\u00a0%" in text
    page = client.get(MAP, {"ids": row.pk, "target": "penalty"})
    assert form_of(page)["outcome_mapping:0:sportybet_desc"] == "No"
    assert b"prices say: swapped" in page.content


def test_rows_are_moved_added_and_removed_without_javascript():
    penalty()
    row = yes_no_row()
    client = sign_in("trader")
    data = form_of(client.get(MAP, {"ids": row.pk, "target": "penalty"}))
    moved = client.post(MAP, {**data, "do": "down:0"})
    assert [one.id for one in moved.context["form"].rows] == ["no", "yes"]
    removed = client.post(MAP, {**data, "do": "remove:0"})
    assert [one.id for one in removed.context["form"].rows] == ["no"]
    added = client.post(MAP, {**data, "do": "add"})
    assert [one.id for one in added.context["form"].rows] == ["yes", "no", ""]
    assert UserMarketMapping.objects.get().version == 1


def test_the_preview_names_a_conflict_and_its_fix_is_put_into_the_form():
    penalty()
    row = yes_no_row()
    client = sign_in("trader")
    data = form_of(client.get(MAP, {"ids": row.pk, "target": "penalty"}))
    data |= {"outcome_mapping:1:sportybet_desc": ""}
    preview = client.post(reverse("admin:mappings_preview"), {**data, "do": ""}).json()
    assert preview["canonicalId"] == "penalty" and "fix:" in preview["html"]
    fix = preview["html"].split('value="fix:')[1].split('"')[0]
    fixed = client.post(MAP, {**data, "do": f"fix:{fix}"})
    assert form_of(fixed)["outcome_mapping:1:sportybet_desc"] == "No"
    assert statuses() == {row.external_market_id: "NEW"}


def test_a_warning_asks_for_a_reason_and_a_canned_one_will_do():
    penalty()
    row = yes_no_row()
    client = sign_in("trader")
    data = form_of(client.get(MAP, {"ids": row.pk, "target": "penalty"})) | {"outcome_mapping:1:sportybet_desc": ""}
    refused = client.post(MAP, data)
    assert refused.status_code == 200 and "A reason is needed" in problems(refused)[0]
    chosen = client.post(MAP, {**data, "do": "reason:0"})
    assert chosen.context["draft"].reason == "Names and rules text agree"
    assert client.post(MAP, {**data, "reason": chosen.context["draft"].reason}).status_code == 302
    assert MappingAuditLog.objects.filter(reason="Names and rules text agree").exists()


def test_a_split_key_feeds_a_second_market_and_keeps_the_first():
    first = create_mapping(
        canonical_id="first", user="ada",
        values={"name": "First", "betpawa_id": "70", "sportybet_id": "900", "outcome_mapping": yes_no("Yes", "No")},
    ).mapping  # fmt: skip
    penalty()
    row = yes_no_row(external_market_id="900")
    client = sign_in("trader")
    data = form_of(client.get(MAP, {"ids": row.pk, "target": "penalty"})) | {"reason": "home and away in one market"}
    client.post(MAP, {**data, "split": "1"})
    first.refresh_from_db()
    assert first.sportybet_id == "900"
    assert UserMarketMapping.objects.get(canonical_id="penalty").sportybet_id == "900"


def test_one_goes_back_to_where_one_came_from():
    penalty()
    row = yes_no_row()
    client = sign_in("trader")
    back = "/admin/mappings/unmappedmarketlog/focus/?tab=NEW"
    shown = client.get(MAP, {"ids": row.pk, "target": "penalty", "next": back})
    answer = client.post(MAP, {**form_of(shown), "reason": "read", "next": back})
    assert (answer.status_code, answer.headers["Location"]) == (302, back)


def test_the_second_of_two_who_extend_one_mapping_reads_who_was_first_and_loses_nothing():
    penalty()
    rows = [yes_no_row(1), yes_no_row(2, source="bet9ja", external_market_id="S_PEN")]
    first, second = sign_in("trader", "ada"), sign_in("trader", "bob")
    forms = [form_of(client.get(MAP, {"ids": row.pk, "target": "penalty"}))
             for client, row in zip((first, second), rows, strict=True)]  # fmt: skip
    assert first.post(MAP, {**forms[0], "reason": "read"}).status_code == 302
    answer = second.post(MAP, {**forms[1], "reason": "read too"})
    assert {change["by"] for change in answer.context["stale"]["changes"]} == {"ada"}
    again = form_of(answer) | {"reason": "read too"}
    assert second.post(MAP, again).status_code == 302
    mapping = UserMarketMapping.objects.get()
    assert (mapping.sportybet_id, mapping.bet9ja_key) == (rows[0].external_market_id, "S_PEN")
    texts = [(outcome["sportybet_desc"], outcome["bet9ja_suffix"]) for outcome in mapping.outcome_mapping]
    assert texts == [("Yes", "Yes"), ("No", "No")]


def test_the_second_of_two_who_extend_a_built_in_mapping_reads_who_was_first_and_loses_nothing():
    row = yes_no_row()
    client = sign_in("trader")
    form = form_of(client.get(MAP, {"ids": row.pk, "target": "btts_ft"})) | {"reason": "read"}
    built_in = new_row("btts_ft").outcome_mapping
    outcomes = [{**one, "sources": {"other": text}} for one, text in zip(built_in, ("Ja", "Nein"), strict=True)]
    update_mapping(canonical_id="btts_ft", changes={"name": "Theirs", "outcome_mapping": outcomes}, user="ada")
    answer = client.post(MAP, form)
    changes = answer.context["stale"]["changes"]
    assert {(change["field"], change["by"]) for change in changes} == {("name", "ada"), ("outcome_mapping", "ada")}
    assert client.post(MAP, form_of(answer) | {"reason": "read"}).status_code == 302
    mapping = UserMarketMapping.objects.get()
    assert mapping.name == "Theirs" and mapping.extra_source_keys[-1]["key"] == row.external_market_id
    assert [outcome["sources"] for outcome in mapping.outcome_mapping] == [{"other": "Ja"}, {"other": "Nein"}]


def test_a_number_that_is_none_costs_itself_only_of_what_was_typed():
    row = yes_no_row()
    client = sign_in("trader")
    sent = form_of(client.get(MAP, {"ids": row.pk, "target": "btts_ft"})) | {"name": "Typed", "reason": "Typed too"}
    answer = client.post(MAP, {**sent, "priority": "ten", "apply": "1"})
    assert "“ten”" in problems(answer)[0]
    assert form_of(answer)["name"] == "Typed" and answer.context["draft"].reason == "Typed too"
    assert answer.context["apply"]
    assert statuses() == {row.external_market_id: "NEW"}


def test_a_version_that_is_not_known_costs_nothing_of_what_was_typed():
    penalty()
    row = yes_no_row()
    client = sign_in("trader")
    sent = form_of(client.get(MAP, {"ids": row.pk, "target": "penalty"})) | {"name": "Typed", "reason": "read"}
    answer = client.post(MAP, {**sent, "read_version": "77"})
    assert "not known" in problems(answer)[0] and form_of(answer)["name"] == "Typed"
    assert UserMarketMapping.objects.get().name == "Penalty"


def test_the_browser_is_told_which_draft_was_saved():
    row = yes_no_row()
    client = sign_in("trader")
    sent = form_of(client.get(MAP, {"ids": row.pk, "target": "btts_ft"})) | {"draft": "m3k9x0a1b2"}
    refused = client.post(MAP, {**sent, "do": "restore", "reason": "read"})
    assert refused.status_code == 200 and "desk_saved" not in refused.cookies
    assert client.post(MAP, {**sent, "reason": "read"}).cookies["desk_saved"].value == "m3k9x0a1b2"


def test_who_maps_is_told_which_mapping_is_switched_off_by_it():
    create_mapping(
        canonical_id="mine",
        values={"name": "Mine", "sportybet_id": "900", "outcome_mapping": yes_no("Yes", "No")},
        user="ada",
    )
    row = yes_no_row(external_market_id="900")
    client = sign_in("trader")
    sent = form_of(client.get(MAP, {"ids": row.pk, "target": "btts_ft"})) | {"reason": "the same"}
    assert "Switched off: mine" in client.post(MAP, sent, follow=True).content.decode()


@pytest.mark.parametrize("role", ["none", "viewer"])
def test_only_traders_map(role):
    row = yes_no_row()
    client = sign_in(role)
    assert client.get(MAP, {"ids": row.pk}).status_code in (302, 403)
    assert client.post(reverse("admin:mappings_preview"), {"ids": row.pk}).status_code in (302, 403)
    assert client.post(MAP, {"ids": row.pk, **ON_MARKET}).status_code in (302, 403)
    assert statuses() == {row.external_market_id: "NEW"}


def test_a_market_without_outcomes_gets_those_that_betpawa_has():
    keep_fixture(77, betpawa=[market("1096776", {"0-3": "1.8", "4": "2.9", "5+": "9"}, name="Exact Bookings")])
    texts = [{"text": text, "key": text, "price": "2", "specifier": "variant=sr:x:5+"} for text in ("0-3", "4", "5+")]
    row = make_unmapped(external_market_id="142", market_name="Exact Bookings", sample_outcomes=texts)
    client = sign_in("trader")
    data = form_of(client.get(MAP, {"ids": row.pk, "target": "bookings_exact_ft"}))
    pairs = [(data[f"outcome_mapping:{n}:betpawa_name"], data[f"outcome_mapping:{n}:sportybet_desc"]) for n in range(3)]
    assert pairs == [("0-3", "0-3"), ("4", "4"), ("5+", "5+")]
    assert client.post(MAP, {**data, "reason": "read"}).status_code == 302
    assert [one["sportybet_desc"] for one in UserMarketMapping.objects.get().outcome_mapping] == ["0-3", "4", "5+"]


@pytest.mark.parametrize("field", ["version:{}", "do", "read_version"])
def test_a_number_that_is_none_is_no_error(field):
    row = yes_no_row()
    client = sign_in("trader")
    sent = form_of(client.get(MAP, {"ids": row.pk, "target": "btts_ft"}))
    value = "reason:²" if field == "do" else "²"
    assert client.post(MAP, {**sent, "reason": "read", field.format(row.pk): value}).status_code in (200, 302)
