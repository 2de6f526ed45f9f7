"""Rules that ignore markets as they come: their list in order, and a form that shows what a rule
would hit before it is saved."""

import json
from functools import wraps

from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponseBadRequest, HttpResponseRedirect
from django.urls import path, reverse

from mappings import ignore_rules
from mappings.admin_decisions import said, say
from mappings.admin_filters import family_words, filter_fields
from mappings.deciding import deciding, take_turn
from mappings.models import IgnoreRule, UnmappedMarketLog, UnmappedStatus
from mappings.queue_filter import QueueFilter
from mappings.services.conditions import until_words
from mappings.suggestions.vocabulary import PERIOD_WORDS
from mappings.until import IGNORES, condition
from oddsproject.api.roles import TRADER, has_role
from oddsproject.desk.bookmakers import bookmaker_names
from oddsproject.desk.drafts import saved
from oddsproject.desk.formats import count_text
from oddsproject.desk.pages import page, require

TEXTS = ("source", "name_contains", "key_prefix", "family", "period")
NUMBERS = ("key_from", "key_to")
HITS_SHOWN = 8
COUNTED_TO = 10_000
MOVES = {"up": -1, "down": 1}


def rule_urls(guard):
    """guard: the admin site's."""
    return [
        path("rules/", guard(rules_page), name="mappings_rules"),
        path("rules/add/", guard(rule_page), name="mappings_rule_add"),
        path("rules/<int:rule_id>/", guard(rule_page), name="mappings_rule"),
        path("rules/<int:rule_id>/change/", guard(change_rule), name="mappings_rule_change"),
    ]


def _tells_of_deleted(view):
    """A rule that a colleague has deleted meanwhile: who sent something about it reads so above the list."""

    @wraps(view)
    def telling(request, rule_id=None):
        try:
            return view(request, rule_id)
        except IgnoreRule.DoesNotExist as error:
            if request.method != "POST":
                raise Http404("There is no such rule.") from error
            say(request, "Nothing was changed. The rule was deleted meanwhile.", tone="warn")
            return HttpResponseRedirect(reverse("admin:mappings_rules"))

    return telling


@require()
def rules_page(request):
    names = bookmaker_names()
    rules = list(IgnoreRule.objects.all())
    return page(
        request,
        "desk/rules.html",
        title="Ignore rules",
        rules=[
            (rule, condition_words(rule.conditions, names), until_words(rule.until), _ignored(rule)) for rule in rules
        ],
        may_decide=has_role(request.user, TRADER),
        said=said(request),
    )


@require(TRADER, methods=("GET", "POST"))
@_tells_of_deleted
def rule_page(request, rule_id=None):
    """GET: the form. POST step=preview: the form with its hits. POST step=save: saved, and applied, where
    these are the conditions whose hits were shown (previewed); else their hits are shown first."""
    rule = IgnoreRule.objects.get(pk=rule_id) if rule_id is not None else None
    if request.method == "GET":
        return _form(request, rule, _values_of(rule))
    values, errors, hits = _sent(request.POST), [], None
    try:
        conditions = conditions_of(values)
        until = _until(values, rule)
        is_save, is_shown = request.POST.get("step") == "save", request.POST.get("previewed") == _as_text(conditions)
        if is_save and is_shown:
            return _save(request, rule, values, conditions, until)
        hits = ignore_rules.preview(conditions, HITS_SHOWN)
        if is_save:
            errors = ["Nothing is saved: these hits were not shown yet. Look at them, then save."]
    except ValidationError as error:
        errors = error.messages
    except ignore_rules.StaleRule as error:
        errors = [f"{error} Look at it again before you save."]
    return _form(request, rule, values, errors, hits, previewed=_as_text(conditions) if hits else "")


@require(TRADER, methods=("POST",))
@_tells_of_deleted
def change_rule(request, rule_id):
    """POST do: on, off, up, down, delete; reopen=1 with off and delete brings back what it ignored."""
    rule = IgnoreRule.objects.get(pk=rule_id)
    what, version = request.POST.get("do", ""), request.POST.get("version", "")
    version = int(version) if version.isascii() and version.isdigit() and len(version) < 10 else None
    back = request.POST.get("reopen") == "1"
    try:
        if what in ("on", "off"):
            made = ignore_rules.update_rule(
                id=rule.pk, changes={"is_active": what == "on"}, user=request.user, version=version,
                reopen_rows=back and what == "off",
            )  # fmt: skip
            words = f"“{rule.name}” is {what}."
        elif what == "delete":
            made = ignore_rules.delete_rule(id=rule.pk, user=request.user, version=version, reopen_rows=back)
            words = f"“{rule.name}” is deleted."
        elif what in MOVES:
            made = _moved(rule, MOVES[what], request.user)
            words = f"“{rule.name}” moved {what}." if made else f"“{rule.name}” stays where it is."
        else:
            return HttpResponseBadRequest("do must be one of: on, off, up, down, delete.")
    except ignore_rules.StaleRule as error:
        say(request, f"Nothing was changed. {error}", tone="warn")
    else:
        say(request, words + _effects(made), batch=made.batch_id if made else None)
    return HttpResponseRedirect(reverse("admin:mappings_rules"))


def condition_words(conditions, names):
    """What a rule asks, for people: ["SportyBet", "name has “player”", "keys 900000 to 900999"]."""
    words = []
    if conditions.get("source"):
        words.append(names.get(conditions["source"], conditions["source"]))
    if conditions.get("name_contains"):
        words.append(f"name has “{conditions['name_contains']}”")
    if conditions.get("key_prefix"):
        words.append(f"key begins with {conditions['key_prefix']}")
    if "key_from" in conditions or "key_to" in conditions:
        words.append(f"keys {conditions.get('key_from', 0)} to {conditions.get('key_to', 'the last')}")
    if conditions.get("family"):
        words.append(family_words(conditions["family"]))
    if conditions.get("period"):
        words.append(PERIOD_WORDS.get(conditions["period"], conditions["period"]))
    return words


def conditions_of(values):
    """The conditions as ignore_rules reads them. Raises ValidationError for numbers that are none."""
    conditions = {name: values[name] for name in TEXTS if values[name]}
    for name in NUMBERS:
        if values[name]:
            if not (values[name].isascii() and values[name].isdigit() and len(values[name]) < 18):
                raise ValidationError(f"{name.replace('_', ' ').capitalize()} must be a whole number.")
            conditions[name] = int(values[name])
    return conditions


def _as_text(conditions):
    return json.dumps(conditions, sort_keys=True)


# --- The form -----------------------------------------------------------------------------------


def _form(request, rule, values, errors=(), hits=None, previewed=""):
    names = bookmaker_names()
    kept = QueueFilter(family=values["family"], period=values["period"])  # what is stored stays a choice
    choices = {field["name"]: field["choices"] for field in filter_fields(kept, names)}
    return page(
        request,
        "desk/rules_edit.html",
        title=f"Ignore rule: {rule.name}" if rule else "A new ignore rule",
        rule=rule,
        values=values,
        errors=errors,
        hits=hits and {
            "count": hits[0],
            "rows": [(row, names.get(row.source, row.source)) for row in hits[1]],
            "more": max(0, hits[0] - len(hits[1])),
        },
        previewed=previewed,
        choices=choices,
        ignores=IGNORES,
        kept_until=until_words(rule.until) if rule else "",
        ignored=_ignored(rule) if rule else None,
    )  # fmt: skip


def _values_of(rule):
    if rule is None:
        return dict.fromkeys((*TEXTS, *NUMBERS, "name", "reason", "until_at"), "") | {"until": "forever"}
    stored = {name: str(rule.conditions.get(name, "")) for name in (*TEXTS, *NUMBERS)}
    return stored | {"name": rule.name, "reason": rule.reason, "until": "keep", "until_at": "", "version": rule.version}


def _sent(sent):
    named = ("name", "reason", "until", "until_at", "version", "reopen")
    return {name: sent.get(name, "").replace("\x00", "").strip()[:300] for name in (*TEXTS, *NUMBERS, *named)}


def _until(values, rule):
    if values["until"] == "keep" and rule is not None:
        return rule.until
    return condition(values["until"] or "forever", values["until_at"])


def _save(request, rule, values, conditions, until):
    given = {"name": values["name"], "conditions": conditions, "reason": values["reason"]}
    if rule is None:
        made = ignore_rules.create_rule(**given, until=until, user=request.user)
        words = f"“{made.rule.name}” is in force."
    else:
        if values["until"] != "keep":
            given["until"] = until
        version = int(values["version"]) if values["version"].isascii() and values["version"].isdigit() else None
        made = ignore_rules.update_rule(
            id=rule.pk, changes=given, user=request.user, version=version,
            reopen_rows=values["reopen"] == "1", apply_now=True,
        )  # fmt: skip
        words = f"“{made.rule.name}” is saved."
    say(request, words + _effects(made), batch=made.batch_id)
    return saved(request, HttpResponseRedirect(reverse("admin:mappings_rules")))


def _effects(made):
    parts = []
    if made and made.ignored:
        parts.append(f"{count_text(made.ignored)} market{'' if made.ignored == 1 else 's'} ignored")
    if made and made.reopened:
        parts.append(f"{count_text(made.reopened)} back in the queue")
    return f" {', '.join(parts).capitalize()}." if parts else ""


def _moved(rule, by, user):
    """Change places with the neighbour: positions are numbered anew where two were equal."""
    made = None
    with deciding("rule", user):
        take_turn()  # before they are read: a neighbour that a colleague is deleting is none
        rules = list(IgnoreRule.objects.all())
        place = next((place for place, other in enumerate(rules) if other.pk == rule.pk), None)
        if place is None:
            raise IgnoreRule.DoesNotExist
        if not 0 <= place + by < len(rules):
            return None
        rules[place], rules[place + by] = rules[place + by], rules[place]
        for position, other in enumerate(rules):
            if other.position != position:
                made = ignore_rules.update_rule(id=other.pk, changes={"position": position}, user=user)
    return made


def _ignored(rule):
    """How many it keeps ignored now, counted to 10,000."""
    rows = UnmappedMarketLog.objects.filter(ignored_by_rule=rule, status=UnmappedStatus.IGNORED).order_by()
    count = rows[: COUNTED_TO + 1].count()
    return f"more than {count_text(COUNTED_TO)}" if count > COUNTED_TO else count_text(count)
