"""A suggestion that is accepted becomes a mapping that maps, and spoils none that is there."""

import pytest

from mappings import accepting, services
from mappings.accepting import accept_best, accept_planned, plan_best, plan_for
from mappings.actions import decide_rows
from mappings.cache import mapping_cache
from mappings.models import DecisionBatch, MarketSuggestion, UnmappedMarketLog, UserMarketMapping
from mappings.tests.test_desk_commands import data_of
from oddsproject.api.tests.people import client_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh_mappings():
    mapping_cache.refresh(force=True)


def row(key="900777", source="sportybet", **fields):
    return UnmappedMarketLog.objects.create(source=source, external_market_id=key, market_name="A market", **fields)


def suggest(row, canonical_id="btts_ft", pairs=(("yes", "Yes", "Yes"), ("no", "No", "No")), band="strong"):
    definition = mapping_cache.snapshot.by_canonical_id.get(canonical_id)
    return MarketSuggestion.objects.create(
        unmapped=row,
        rank=1,
        betpawa_id=definition.betpawa_id if definition else "777",
        canonical_id=canonical_id,
        name=definition.name if definition else "Never named",
        confidence=0.99,
        band=band,
        score=5,
        pairing=[{"canonicalId": id, "betpawaName": name, "text": text, "flag": ""} for id, name, text in pairs],
    )


def texts_of(mapping):
    return {outcome["canonical_id"]: outcome["sportybet_desc"] for outcome in mapping.outcome_mapping}


def test_a_strong_suggestion_is_mapped_and_a_weak_one_is_left_for_a_look():
    strong, weak, bare = row("1001"), row("1002"), row("1003")
    suggest(strong)
    suggest(weak, band="weak")
    made = accept_best(ids=[strong.pk, weak.pk, bare.pk, 10**9], user="ada")
    assert [decision.outcome for decision in made] == ["changed", "refused", "refused", "not_found"]
    assert "only a weak suggestion" in made[1].detail
    assert DecisionBatch.objects.get().pk == made.batch_id
    strong.refresh_from_db()
    assert strong.mapped_to.canonical_id == "btts_ft"


def test_one_undo_takes_back_all_that_was_accepted_together():
    rows = [row(str(2000 + number)) for number in range(3)]
    for one in rows:
        suggest(one)
    made = accept_best(ids=[one.pk for one in rows], user="ada")
    services.undo_batch(made.batch_id, "ada")
    assert set(UnmappedMarketLog.objects.values_list("status", flat=True)) == {"NEW"}


def test_texts_that_say_the_same_change_nothing_for_the_keys_that_are_there():
    one = row()
    plan = plan_for(one, suggest(one, pairs=(("yes", "Yes", "YES"), ("no", "No", "no"))))
    assert (plan.canonical_id, plan.values, plan.outcome_texts) == ("btts_ft", {}, {})


def test_a_key_with_words_of_its_own_gets_a_mapping_of_its_own():
    one = row()
    suggest(one, pairs=(("yes", "Yes", "Both score"), ("no", "No", "Not both")))
    accept_best(ids=[one.pk], user="ada", reason="Other words")
    one.refresh_from_db()
    assert one.mapped_to.canonical_id == "btts_ft_sportybet"
    assert one.mapped_to.betpawa_id == mapping_cache.snapshot.by_canonical_id["btts_ft"].betpawa_id
    assert texts_of(one.mapped_to) == {"yes": "Both score", "no": "Not both"}
    mapping_cache.refresh()
    assert mapping_cache.lookup("sportybet", "900777")[0].canonical_id == "btts_ft_sportybet"


def test_a_built_in_market_without_outcomes_learns_those_that_were_paired():
    bare = next(one for one in mapping_cache.snapshot.definitions if one.betpawa_id and not one.outcomes)
    one = row()
    suggest(one, bare.canonical_id, pairs=(("0_3", "0-3", "0-3"), ("4", "4", "four")))
    (decision,) = accept_best(ids=[one.pk], user="ada", reason="Its outcomes are known now")
    assert decision.outcome == "changed", decision.detail
    mapping = UserMarketMapping.objects.get(canonical_id=bare.canonical_id)
    assert texts_of(mapping) == {"0_3": "0-3", "4": "four"}


def test_a_market_of_betpawa_that_no_mapping_names_gets_its_first():
    one = row()
    suggest(one, canonical_id="", pairs=(("yes", "Yes", "Yes"), ("no", "No", "No")))
    accept_best(ids=[one.pk], user="ada")
    mapping = UserMarketMapping.objects.get()
    assert (mapping.canonical_id, mapping.betpawa_id, mapping.sportybet_id) == ("never_named", "777", "900777")


def test_two_bookmakers_markets_accepted_together_make_one_mapping_of_what_none_named():
    rows = [row(), row("S_NEVER", source="bet9ja")]
    for one in rows:
        suggest(one, canonical_id="")
    accept_best(ids=[one.pk for one in rows], user="ada", reason="Both are it")
    mapping = UserMarketMapping.objects.get()
    assert (mapping.sportybet_id, mapping.bet9ja_key) == ("900777", "S_NEVER")


def pairs_of(*numbers):
    """Two bookmakers' rows for each market of BetPawa's that no mapping names."""
    rows = []
    for number in numbers:
        for source, key in (("sportybet", f"90{number}"), ("bet9ja", f"S_{number}")):
            rows.append(row(key, source))
            suggest(rows[-1], canonical_id="")
            rows[-1].suggestions.update(betpawa_id=f"77{number}", name=f"Never named {number}")
    return rows


def test_however_many_are_mapped_twice_the_mappings_are_read_anew_once(monkeypatch):
    read_again, readings = type(mapping_cache)._read_again, []
    monkeypatch.setattr(type(mapping_cache), "_read_again", lambda *given: readings.append(1) or read_again(*given))
    for numbers in (range(2), range(2, 7)):
        rows = pairs_of(*numbers)
        planned = plan_best(ids=[one.pk for one in rows], reason="Both are it")
        readings.clear()
        assert accept_planned(planned, user="ada", reason="Both are it").counts == {"changed": len(rows)}
        assert len(readings) == 1
    keys = UserMarketMapping.objects.values_list("betpawa_id", "sportybet_id", "bet9ja_key")
    assert set(keys) == {(f"77{number}", f"90{number}", f"S_{number}") for number in range(7)}


def test_rows_of_one_market_are_planned_anew_once_each(monkeypatch):
    rows = [row(str(6000 + number)) for number in range(5)]
    for one in rows:
        suggest(one)
    planned, checked, asked = plan_best(ids=[one.pk for one in rows]), accepting._checked_plan, []
    monkeypatch.setattr(accepting, "_checked_plan", lambda one, *given: asked.append(one.pk) or checked(one, *given))
    assert accept_planned(planned, user="ada").counts == {"changed": 5}
    assert asked == [one.pk for one in rows[1:]]


def test_words_of_a_key_accepted_before_in_the_same_go_are_not_replaced():
    rows = [row("900777"), row("900778")]
    suggest(rows[0], canonical_id="")
    suggest(rows[1], canonical_id="", pairs=(("yes", "Yes", "Both score"), ("no", "No", "Not both")))
    accept_best(ids=[one.pk for one in rows], user="ada", reason="Both are it")
    mapping_cache.refresh()
    made = ("never_named", "never_named_sportybet")
    texts = [texts_of(UserMarketMapping.objects.get(canonical_id=id)) for id in made]
    assert texts == [{"yes": "Yes", "no": "No"}, {"yes": "Both score", "no": "Not both"}]


def test_a_suggestion_that_pairs_nothing_is_refused_in_words():
    one = row()
    suggest(one, canonical_id="", pairs=())
    (decision,) = accept_best(ids=[one.pk], user="ada")
    assert (decision.outcome, decision.detail) == ("refused", "No outcome is paired; map it by hand.")


def test_what_needs_a_reason_is_left_for_a_look_without_one():
    one = row()
    suggest(one, pairs=(("yes", "Yes", "Both score"), ("no", "No", "Not both")))
    (decision,) = accept_best(ids=[one.pk], user="ada")
    assert decision.outcome == "refused"
    assert decision.detail.startswith("It needs a look, or a reason: ")


def test_only_rows_with_such_a_suggestion_count_towards_what_is_accepted_at_once(monkeypatch):
    monkeypatch.setattr("mappings.accepting.MOST_AT_ONCE", 1)
    strong, *others = (row(str(3000 + number)) for number in range(4))
    suggest(strong)
    suggest(others[0], band="weak")
    made = accept_best(ids=[strong.pk, *(one.pk for one in others)], user="ada")
    assert [decision.outcome for decision in made] == ["changed", "refused", "refused", "refused"]
    suggest(others[1])
    suggest(others[2])
    UnmappedMarketLog.objects.filter(pk=others[2].pk).update(priority=5)
    made = accept_best(ids=[others[1].pk, others[2].pk], user="ada")
    assert [decision.outcome for decision in made] == ["refused", "changed"]
    assert made[0].detail.startswith("Left for the next go: at most 1 ")
    batch = DecisionBatch.objects.get(pk=made.batch_id)
    assert batch.summary["counts"] == {"refused": 1, "changed": 1}
    assert batch.summary["left"][0]["ids"] == [others[1].pk]


def test_the_bound_is_of_the_whole_request_and_not_of_its_chunks(monkeypatch):
    monkeypatch.setattr("mappings.accepting.MOST_AT_ONCE", 2)
    monkeypatch.setattr("mappings.bulk.CHUNK", 1)
    rows = [row(str(4000 + number)) for number in range(4)]
    for one in rows:
        suggest(one)
    made = decide_rows("acceptBest", ids=[one.pk for one in rows], user="ada")
    assert made.counts == {"changed": 2, "refused": 2}


def test_what_somebody_saved_between_the_look_and_the_acceptance_is_not_overwritten():
    bare = next(one for one in mapping_cache.snapshot.definitions if one.betpawa_id and not one.outcomes)
    one = row()
    plan = plan_for(one, suggest(one, bare.canonical_id, pairs=(("0_3", "0-3", "0-3"), ("4", "4", "four"))))
    assert plan.mapping_version == 0 and plan.values
    theirs = [{"canonical_id": "5", "betpawa_name": "5+", "sportybet_desc": "5+", "position": 0}]
    services.update_mapping(canonical_id=bare.canonical_id, changes={"outcome_mapping": theirs}, user="bob")
    given = {"ids": [one.pk], "canonical_id": plan.canonical_id, "values": plan.values, "user": "ada"}
    with pytest.raises(services.StaleVersion, match="bob, .*: outcome_mapping"):
        services.map_to(**given, outcome_texts=plan.outcome_texts, mapping_version=plan.mapping_version)
    assert UserMarketMapping.objects.get().outcome_mapping == theirs


def test_a_plan_is_made_of_what_is_stored_and_not_of_an_older_copy():
    services.create_mapping(canonical_id="btts_ft", values={}, user="zoe")
    mapping_cache.refresh()
    changed = [dict(outcome) for outcome in UserMarketMapping.objects.get().outcome_mapping]
    changed[0]["sportybet_desc"] = "Both"
    services.update_mapping(canonical_id="btts_ft", changes={"outcome_mapping": changed}, user="bob")
    one = row()
    assert plan_for(one, suggest(one)).canonical_id == "btts_ft_sportybet"


def test_a_row_or_a_suggestion_that_changed_since_the_plan_is_left_alone():
    rows = [row("5001"), row("5002"), row("5003")]
    for one in rows:
        suggest(one)
    planned = plan_best(ids=[one.pk for one in rows])
    services.ignore(ids=[rows[0].pk], user="bob")
    services.reject_suggestion(id=rows[1].pk, betpawa_id=rows[1].suggestions.get().betpawa_id, user="bob")
    made = accept_planned(planned, user="ada")
    assert [decision.outcome for decision in made] == ["stale", "stale", "changed"]
    assert "bob ignored it" in made[0].detail and "replaced meanwhile" in made[1].detail


def accepted_and_switched_off():
    """(a row that ada has mapped to its best suggestion, its mapping, which bob has switched off since)"""
    one = row()
    suggest(one, canonical_id="")
    accept_best(ids=[one.pk], user="ada")
    services.deactivate_mapping(canonical_id="never_named", user="bob")
    return one, UserMarketMapping.objects.get()


def test_a_mapping_that_accepting_switches_on_again_is_told_and_can_be_undone():
    one, mapping = accepted_and_switched_off()
    made = decide_rows("acceptBest", ids=[one.pk], user="ada")
    assert [(decision.outcome, decision.status) for decision in made] == [("changed", "MAPPED")]
    assert made[0].detail == "It was mapped so already; Never named (never_named) was switched on again."
    mapping.refresh_from_db()
    assert mapping.is_active and DecisionBatch.objects.get(pk=made.batch_id).summary["counts"] == {"changed": 1}
    assert services.undo_batch(made.batch_id, "ada").done
    mapping.refresh_from_db()
    assert not mapping.is_active


def test_the_api_and_the_command_tell_it_alike():
    one, mapping = accepted_and_switched_off()
    made = client_of("trader").post(f"/api/unmapped/{one.pk}/accept-best", {}).json()
    assert made["result"]["outcome"] == "changed" and "switched on again" in made["result"]["detail"]
    services.undo_batch(made["batchId"], "trader")
    code, again = data_of("unmapped", "accept-best", one.pk, "--user", "trader")
    assert (code, again["counts"]) == (0, {"changed": 1}) and again["batchId"] > made["batchId"]
    assert again["results"][0]["detail"] == made["result"]["detail"]
    mapping.refresh_from_db()
    assert mapping.is_active


def test_a_mapping_that_accepting_only_extends_is_told_and_named_as_a_change():
    one = row()
    suggest(one)
    accept_best(ids=[one.pk], user="ada")
    keys = UserMarketMapping.objects.get().extra_source_keys
    services.update_mapping(canonical_id="btts_ft", changes={"extra_source_keys": []}, user="bob")
    made = accept_planned(plan_best(ids=[one.pk]), user="ada")
    assert made[0].detail.endswith("(btts_ft) was extended.") and made.batch_id
    assert UserMarketMapping.objects.get().extra_source_keys == keys


def test_what_is_mapped_so_already_is_no_decision():
    one = row()
    suggest(one)
    accept_best(ids=[one.pk], user="ada")
    made = accept_best(ids=[one.pk], user="ada")
    assert (made.counts, made.batch_id, made[0].detail) == ({"unchanged": 1}, None, "")
