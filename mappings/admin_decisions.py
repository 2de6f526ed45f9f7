"""What people decide in the queue: for one market, for those that are ticked, or for all that match
a filter. What became of it is told in words, with the batch by which it is undone."""

from urllib.parse import parse_qsl

from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Max
from django.http import HttpResponseBadRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode

from mappings import accepting, services
from mappings.actions import ACTIONS, decide_rows
from mappings.batch_words import OUTCOMES, batch_words
from mappings.bulk import MOST_AT_ONCE, TooMany, matching
from mappings.models import Band, DecisionBatch, UnmappedMarketLog
from mappings.queue_filter import QueueFilter
from mappings.until import IGNORES, SNOOZES, condition, moment
from oddsproject.api.roles import TRADER
from oddsproject.desk.bookmakers import bookmaker_names
from oddsproject.desk.formats import age_text, count_text, lagos_text
from oddsproject.desk.pages import page, require

SAID = "queue_said"  # the session's key: what the next page says about the decision before it
SAMPLE = 8
MOST_FORESEEN = 50  # each is looked at as accepting it would look at it
MOST_NAMED = 12
MAPPED_AT_ONCE = 20
LONGEST_REASON = 1000
ACCEPTS = {"accept": (Band.STRONG,), "accept_any": tuple(Band)}  # of which bands
# decision: the action that it is
DECISIONS = {name: name for name in ("acknowledge", "ignore", "snooze", "claim", "release", "reopen")}
DECISIONS |= {"close_review": "closeReview", **dict.fromkeys(ACCEPTS, "acceptBest")}
CHOICES = {"ignore": IGNORES, "snooze": SNOOZES}


def queue_url(**query):
    address = reverse("admin:mappings_unmappedmarketlog_changelist")
    return f"{address}?{urlencode(query)}" if query else address


def safe_next(request):
    """Where to go back to: the page asked for, when it is one of ours."""
    asked = request.POST.get("next") or request.GET.get("next") or ""
    if url_has_allowed_host_and_scheme(asked, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        return asked
    return queue_url()


def ids_of(texts):
    """Row ids from what a browser sent; nonsense is left out."""
    return sorted({int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 19})


def say(request, words, *, batch=None, tone="good", details=(), is_undo=False):
    """What the next page of the queue says on top, with an undo of that batch for ten seconds. is_undo: the
    batch is an undo, so that taking it back does something again, and the undo key goes past it."""
    request.session[SAID] = {
        "words": words, "batch": batch, "tone": tone, "details": list(details), "is_undo": is_undo
    }  # fmt: skip


def typed_reason(sent) -> str:
    """The reason that somebody typed."""
    return sent.get("reason", "").replace("\x00", "").strip()[:LONGEST_REASON]


def said(request):
    """What was said, once."""
    return request.session.pop(SAID, None)


@require(TRADER, methods=("GET", "POST"))
def decide_page(request):
    """POST decision, and which: ids (repeated, "12" or "12:<version>"), or scope=filter with the
    filter's address and, once its count was shown, newest. until, until_at, reason, next.
    GET ?decision=&ids= asks until when and why. Ignore and snooze without until do, too."""
    sent = request.POST if request.method == "POST" else request.GET
    decision = sent.get("decision", "")
    if decision == "map":
        return _to_map(request, sent)
    if decision not in DECISIONS:
        return HttpResponseBadRequest(f"decision must be one of: map, {', '.join(DECISIONS)}.")
    try:
        asked, ids, versions = _which(sent, request.user)
        matched = len(ids)
        if decision in ACCEPTS:
            ids = _to_accept(decision, ids, by_filter=asked is not None)
        if not ids:
            by_suggestion = asked is not None and decision in ACCEPTS
            say(request, "None has such a suggestion." if by_suggestion else "No market was chosen.", tone="warn")
            return HttpResponseRedirect(safe_next(request))
        confirmed = asked is None or sent.get("newest")
        if request.method == "GET" or not confirmed or (decision in CHOICES and not sent.get("until")):
            return _ask(request, decision, asked, ids, versions, matched)
        return _carry_out(request, decision, asked, ids, versions)
    except TooMany as error:
        say(request, f"Nothing was decided: {error.messages[0]}", tone="bad")
    except ValidationError as error:
        say(request, f"Nothing was decided: {' '.join(error.messages)}", tone="bad")
    return HttpResponseRedirect(safe_next(request))


@require(TRADER, methods=("POST",))
def undo_page(request):
    """POST batch (none: my last), partly, next. A refusal shows what stands in the way."""
    batch_id = request.POST.get("batch", "")
    partly = request.POST.get("partly") == "1"
    try:
        if batch_id:
            undone = services.undo_batch(ids_of([batch_id])[0], request.user, partly=partly)
        else:
            undone = services.undo_last(request.user)
    except (IndexError, DecisionBatch.DoesNotExist):
        return HttpResponseBadRequest("batch must be the number of a decision.")
    except (ValidationError, PermissionDenied) as error:
        words = " ".join(error.messages) if isinstance(error, ValidationError) else str(error)
        say(request, f"Nothing was undone. {words}", tone="warn")
        return HttpResponseRedirect(safe_next(request))
    if not undone.done:
        return HttpResponseRedirect(reverse("admin:mappings_batch", args=[undone.undoes]) + "?undo=1")
    is_redo = DecisionBatch.objects.only("summary").get(pk=undone.batch_id).summary.get("isRedo", False)
    say(request, _undone_words(undone, is_redo), batch=undone.batch_id, is_undo=not is_redo)
    return HttpResponseRedirect(safe_next(request))


def _undone_words(undone, is_redo):
    """ "Undone: ignoring Corner range 1, 5 s ago." Of an undo, and of what was done again, by what it was about."""
    about = DecisionBatch.objects.get(pk=undone.undoes)
    while about.undoes_id:
        about = about.undoes
    words = f"{'Done again' if is_redo else 'Undone'}: {batch_words(about)}"
    if undone.refused:
        put_back = undone.counts.get("restored", 0) + undone.counts.get("merged", 0)
        words += f"; {count_text(put_back)} as before, {count_text(len(undone.refused))} left as they are"
    return words + "."


# --- Which rows ---------------------------------------------------------------------------------


def _which(sent, user):
    """(the filter or None, ids, {id: version})"""
    if sent.get("scope") == "filter":
        asked = QueueFilter.from_query(dict(parse_qsl(sent.get("filter", ""))), user=user)
        newest = ids_of([sent.get("newest", "")])
        found = matching(asked, *newest)
        return asked, list(found), found
    texts = [text for value in sent.getlist("ids") for text in value.split(",")][: MOST_AT_ONCE + 1]
    pairs = [text.partition(":") for text in texts]
    ids = ids_of(id for id, _, _ in pairs)
    if len(ids) > MOST_AT_ONCE:
        raise TooMany(len(ids))
    versions = {int(id): int(version) for id, _, version in pairs if ids_of([id]) and ids_of([version])}
    return None, ids, versions


def _to_accept(decision, ids, *, by_filter):
    """Of a filter's rows those that have such a suggestion; each that is ticked is told why it has not."""
    if not by_filter:
        return ids
    suggested = UnmappedMarketLog.objects.filter(pk__in=ids, best_band__in=ACCEPTS[decision])
    return list(suggested.values_list("pk", flat=True))


def _to_map(request, sent):
    try:
        asked, ids, _ = _which(sent, request.user)
    except ValidationError as error:
        ids, asked = [], None
        say(request, " ".join(error.messages), tone="bad")
    if asked is not None or len(ids) > MAPPED_AT_ONCE:
        say(request, f"At most {MAPPED_AT_ONCE} markets are mapped to one at once; {count_text(len(ids))} were chosen.",
            tone="warn")  # fmt: skip
        return HttpResponseRedirect(safe_next(request))
    query = {"ids": ",".join(map(str, ids)), "next": safe_next(request)}
    return HttpResponseRedirect(f"{reverse('admin:mappings_map')}?{urlencode(query)}")


def _ask(request, decision, asked, ids, versions, matched):
    """How many exactly, some of them, and what is still to be said. matched: how many the filter has; of
    suggestions all that one go takes are shown, with what would become of each."""
    as_read = dict(UnmappedMarketLog.objects.filter(pk__in=ids).values_list("pk", "version")) | versions
    sample = UnmappedMarketLog.objects.filter(pk__in=ids).defer("rules_text").order_by("-priority", "-id")
    names, sent = bookmaker_names(), request.POST if request.method == "POST" else request.GET
    shown = list(sample[: accepting.MOST_AT_ONCE if decision in ACCEPTS else SAMPLE])
    refusals, reason = {}, typed_reason(sent)
    if decision in ACCEPTS:
        refusals = accepting.foresee_best([row.pk for row in shown[:MOST_FORESEEN]], reason, ACCEPTS[decision])
    verb = ACTIONS[DECISIONS[decision]].label
    return page(
        request,
        "desk/decide_confirm.html",
        title=f"{verb}: {count_text(len(ids))} market{'' if len(ids) == 1 else 's'}",
        decision=decision,
        verb=verb,
        bound=_bound(decision, ids),
        count=len(ids),
        sample=[(row, names.get(row.source, row.source), refusals.get(row.pk, "")) for row in shown],
        more=len(ids) - len(shown),
        accepts=decision in ACCEPTS,
        matched=matched,
        most_foreseen=MOST_FORESEEN,
        others=matched - len(ids),
        refused=len(refusals),
        not_foreseen=max(0, len(shown) - MOST_FORESEEN) if decision in ACCEPTS else 0,
        ids=",".join(f"{id}:{as_read[id]}" for id in ids if id in as_read) if asked is None else "",
        filter=urlencode(asked.as_query()) if asked is not None else "",
        # From now on, what comes is another market's decision.
        newest=UnmappedMarketLog.objects.aggregate(newest=Max("id"))["newest"],
        choices=() if sent.get("until") else CHOICES.get(decision, ()),
        until=sent.get("until", ""),
        until_words=_until_words(decision, sent.get("until")),
        until_at=sent.get("until_at", ""),
        reason=reason,
        next=safe_next(request),
    )


def _bound(decision, ids):
    """What the one decision will leave for the next, in words."""
    most = accepting.MOST_AT_ONCE
    if decision not in ACCEPTS or len(ids) <= most:
        return ""
    left = f"{count_text(len(ids) - most)} {'is' if len(ids) - most == 1 else 'are'} left for the next go"
    return f"Each is checked by itself, so {count_text(most)} at most are mapped now, by priority; {left}."


# --- Carrying out -------------------------------------------------------------------------------


def _carry_out(request, decision, asked, ids, versions):
    reason, options = typed_reason(request.POST), _options(decision, request.POST)
    made = decide_rows(DECISIONS[decision], ids=ids, user=request.user, reason=reason, versions=versions, **options)
    done = f"{ACTIONS[DECISIONS[decision]].done} {_until_words(decision, request.POST.get('until'), options)}".strip()
    words, details = in_words(made, done)
    left_out = made.counts.get("refused", 0) + made.counts.get("stale", 0)
    tone = "good" if made.changed and not left_out else "warn"
    say(request, words, batch=made.batch_id, tone=tone, details=details)
    if asked is not None and made.batch_id:
        return HttpResponseRedirect(reverse("admin:mappings_batch", args=[made.batch_id]))
    return HttpResponseRedirect(safe_next(request))


def _until_words(decision, until, options=None):
    """Until when, within a sentence: "until BetPawa offers the family"; "" where nothing of the kind was chosen.
    options: with the day, where one's own was."""
    if until == "at" and options:
        at = options["until"]["at"] if decision == "ignore" else options["until"]
        return f"until {lagos_text(at)}"
    words = dict(CHOICES.get(decision, ())).get(until, "")
    return words[:1].lower() + words[1:]


def _options(decision, sent):
    until, at = sent.get("until", ""), sent.get("until_at", "")
    if decision == "ignore":
        return {"until": condition(until, at)}
    if decision == "snooze":
        return {"until": moment(until, at)}
    return {"bands": ACCEPTS[decision]} if decision in ACCEPTS else {}


def in_words(decisions, done):
    """("12 ignored, 3 so already, 1 refused.", [which were left alone, and why, or changed in a way to be told])"""
    counts = decisions.counts
    parts = [f"{count_text(counts.get('changed', 0))} {done}"]
    parts += [f"{count_text(counts[outcome])} {words}" for outcome, words in OUTCOMES.items() if counts.get(outcome)]
    why = {}
    for decision in decisions:
        if decision.outcome in ("refused", "stale") or (decision.outcome == "changed" and decision.detail):
            first = decision.detail
            if not first and decision.decided_by:
                first = f"{decision.decided_by} decided {age_text(decision.decided_at)}."
            why.setdefault(first, []).append(decision.id)
    named = {text: ids[:MOST_NAMED] for text, ids in list(why.items())[:MOST_NAMED]}
    rows = UnmappedMarketLog.objects.only("market_name", "external_market_id").in_bulk(
        [id for ids in named.values() for id in ids]
    )
    details = []
    for text, ids in named.items():
        markets = ", ".join(rows[id].market_name or rows[id].external_market_id for id in ids if id in rows)
        others = len(why[text]) - len(ids)
        details.append(f"{markets}{f' and {count_text(others)} more' if others else ''}: {text}")
    if len(why) > len(named):
        details.append(f"{count_text(len(why) - len(named))} more reasons: the decision's page has all of them.")
    return ", ".join(parts) + ".", details
