"""One market of the queue: what is known of it, what is suggested, what was decided, and the same
decisions as in the list."""

from django.http import Http404
from django.shortcuts import get_object_or_404

from mappings.actors import name_of
from mappings.admin_decisions import said
from mappings.admin_filters import family_words
from mappings.models import MarketSuggestion, Tab, UnmappedChange, UnmappedMarketLog, UnmappedStatus
from mappings.pairing import sample_pairs
from mappings.queue_filter import siblings
from mappings.queue_lines import BANDS, Line, earlier_words, known_as, priority_parts, row_badges, row_remark
from mappings.services.change_words import change_parts, names_in
from mappings.services.conditions import until_words
from mappings.suggestions.vocabulary import PERIOD_WORDS
from mappings.until import IGNORES, SNOOZES
from mappings.why_words import band_words, missing_for_strong, reason_words, why_words
from oddsproject.api.roles import LEAD, TRADER, has_role
from oddsproject.desk.bookmakers import bookmaker_names
from oddsproject.desk.formats import foreign
from oddsproject.desk.pages import page, require

HISTORY = 50
SIBLINGS = 50


@require()
def market_page(request, object_id):
    if not str(object_id).isdigit() or len(str(object_id)) > 18:
        raise Http404
    row = get_object_or_404(UnmappedMarketLog.objects.select_related("mapped_to", "ignored_by_rule"), pk=object_id)
    names, user_name = bookmaker_names(), name_of(request.user)
    suggestions = list(MarketSuggestion.objects.filter(unmapped=row).order_by("rank"))
    return page(
        request,
        "desk/unmapped.html",
        title=row.market_name or row.external_market_id,
        row=row,
        line=Line(row, names.get(row.source, row.source), user_name),
        known_as=known_as([row]).get(row.pk, ""),
        name=foreign(row.market_name or row.external_market_id),
        badges=row_badges(row),
        remark=row_remark(row),
        earlier=earlier_words(row.earlier_decision),
        until=until_words(row.ignore_until) if row.tab == Tab.IGNORED else "",
        pairs=sample_pairs(row.sample_outcomes),
        parts=priority_parts(row),
        why=why_words(row.error_code),
        family=family_words(row.family) if row.family else "",
        period=PERIOD_WORDS.get(row.period, row.period),
        suggestions=[
            (one, BANDS.get(one.band, "calm"), _bars(one), band_words(one.band), missing_for_strong(one))
            for one in suggestions
        ],
        siblings=list(siblings(row)[:SIBLINGS]),
        history=_history(row, request.user),
        review=_review(row),
        is_open=row.status in (UnmappedStatus.NEW, UnmappedStatus.ACKNOWLEDGED),
        may_decide=has_role(request.user, TRADER),
        is_mine=row.claim_is_live and row.claimed_by == user_name,
        said=said(request),
        ignores=IGNORES,
        snoozes=SNOOZES,
    )


def _bars(suggestion):
    """The waterfall: [(family, points, width in %, text)], the widest as wide as the column."""
    reasons = [reason for reason in suggestion.reasons if isinstance(reason, dict)]
    most = max((abs(_points(reason)) for reason in reasons), default=0) or 1
    return [
        (
            reason_words(str(reason.get("family", ""))),
            f"{_points(reason):+.2f}",
            round(100 * abs(_points(reason)) / most),
            _points(reason) < 0,
            str(reason.get("text", "")),
        )
        for reason in reasons
    ]


def _points(reason):
    points = reason.get("points")
    return float(points) if isinstance(points, int | float) else 0.0


def _history(row, user):
    """Every change of its decision, newest first, and whether this person may take it back."""
    changes = UnmappedChange.objects.filter(unmapped=row).select_related("batch", "batch__undone_by").order_by("-id")
    name, is_lead = name_of(user)[:150], has_role(user, LEAD)
    changes, found = list(changes[:HISTORY]), []
    mapped = names_in(changes)
    for change in changes:
        batch = change.batch
        undone = getattr(batch, "undone_by", None) if batch else None
        may_undo = bool(batch and undone is None and (is_lead or batch.actor == name) and has_role(user, TRADER))
        found.append((change, change_parts(change, mapped), batch, undone, may_undo))
    return found


def _review(row):
    """What made it come up for review: facts, and the fixtures that show it."""
    if row.tab != Tab.REVIEW or not isinstance(row.review, dict):
        return None
    return {
        "canonical_id": row.review.get("canonicalId") or "",
        "distance": row.review.get("distance"),
        "fixtures": [fixture for fixture in row.review.get("fixtures") or [] if isinstance(fixture, dict)],
    }
