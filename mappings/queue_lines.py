"""A queue row as the desk writes it: words, chips and badges for the list and for the row's page."""

from dataclasses import dataclass

from django.utils.dateparse import parse_datetime
from django.utils.html import format_html, format_html_join

from mappings.cache import mapping_cache
from mappings.errors import MappingErrorCode
from mappings.models import Band, Tab, UnmappedMarketLog
from mappings.pairing import sample_pairs
from mappings.services.conditions import until_words
from mappings.why_words import band_words, why_words
from oddsproject.desk.formats import age_text, badge, chips, confidence_text, lagos_short, lagos_text

CHIPS_IN_LIST = 3
UNKNOWN = MappingErrorCode.UNKNOWN_MARKET
TABS = {
    Tab.NEW: ("New", "fiber_new", "info"),
    Tab.ACKNOWLEDGED: ("Acknowledged", "visibility", "warn"),
    Tab.SNOOZED: ("Snoozed", "snooze", "calm"),
    Tab.REVIEW: ("Needs review", "rule", "bad"),
    Tab.IGNORED: ("Ignored", "visibility_off", "calm"),
    Tab.MAPPED: ("Mapped", "link", "good"),
}
BANDS = {Band.STRONG: "good", Band.LIKELY: "info", Band.WEAK: "calm"}
PARTS = (
    ("events", "Events that carry it now"),
    ("kickoff", "Nearness of the next kick-off"),
    ("tournament", "Weight of their tournaments"),
    ("rivals", "Other bookmakers whose like is unmapped"),
    ("demand", "Demand, from these"),
    ("solvability", "Chance that BetPawa has it"),
)


@dataclass(frozen=True, slots=True)
class Line:
    """One row in the list. siblings: how many others of its tab are; here: how many of them stand below it.
    leader: the name of the sibling that it stands below. with_tab: also says where the row lies, for lists
    of several tabs. known_as: the mapping that knows it, where BetPawa has no such market."""

    row: UnmappedMarketLog
    bookmaker: str
    user_name: str
    siblings: int = 0
    here: int = 0
    leader: str = ""
    with_tab: bool = False
    known_as: str = ""

    @property
    def name(self):
        return self.row.market_name or self.row.external_market_id

    @property
    def chips(self):
        pairs = sample_pairs(self.row.sample_outcomes)
        more = len(pairs) - CHIPS_IN_LIST
        return chips([*pairs[:CHIPS_IN_LIST], (f"+{more} more", "")] if more > 0 else pairs)

    @property
    def badges(self):
        return row_badges(self.row, with_tab=self.with_tab)

    @property
    def why(self):
        """Why it did not map, where that says more than that nobody knows it."""
        if self.row.error_code in ("", UNKNOWN):
            return ""
        words = why_words(self.row.error_code)
        return f"known as {self.known_as}; {words}" if self.known_as else words

    @property
    def siblings_text(self):
        """ "2 siblings below", "3 siblings: 1 below, 2 elsewhere"; "" for one that stands below another."""
        if self.leader or not self.siblings:
            return ""
        elsewhere = max(0, self.siblings - self.here)
        text = f"{self.siblings} sibling{'' if self.siblings == 1 else 's'}"
        if not elsewhere:
            return f"{text} below"
        return f"{text}: {self.here} below, {elsewhere} elsewhere" if self.here else f"{text} elsewhere"

    @property
    def band_title(self):
        return band_words(self.row.best_band)

    @property
    def kickoff(self):
        return lagos_short(self.row.next_kickoff_at) if self.row.next_kickoff_at else "none ahead"

    @property
    def remark(self):
        return row_remark(self.row)

    @property
    def priority(self):
        """As many decimals as tell two rows apart."""
        priority = self.row.priority
        return f"{priority:.2f}" if priority < 1 else f"{priority:.1f}" if priority < 100 else f"{priority:.0f}"

    @property
    def priority_html(self):
        """The number, and its parts to be read by pointing at it or opening it."""
        parts = priority_parts(self.row)
        if not parts:
            return self.priority
        return format_html(
            '<details><summary title="{}">{}</summary><dl>{}</dl></details>',
            "\n".join(f"{words}: {number}" for words, number in parts),
            self.priority,
            format_html_join("", "<div><dt>{}</dt><dd>{}</dd></div>", parts),
        )

    @property
    def confidence(self):
        return "" if self.row.best_confidence is None else confidence_text(self.row.best_confidence)

    @property
    def band_tone(self):
        return BANDS.get(self.row.best_band, "calm")

    @property
    def owner(self):
        if not self.row.claim_is_live:
            return ""
        return "You" if self.row.claimed_by == self.user_name else self.row.claimed_by


def lines_of(listed, names, user_name, *, with_tab):
    """A page's lines. names: {slug: bookmaker}."""
    known, groups = known_as(listed.rows), {}
    for row in listed.rows:
        if row.sibling_key:
            groups.setdefault((row.source, row.sibling_key), []).append(row)
    lines = []
    for row in listed.rows:
        group = groups.get((row.source, row.sibling_key), [row])
        first = group[0]
        leader = "" if first is row else first.market_name or first.external_market_id
        lines.append(
            Line(row, names.get(row.source, row.source), user_name, listed.siblings.get(row.pk, 0), len(group) - 1,
                 leader, with_tab, known.get(row.pk, ""))
        )  # fmt: skip
    return lines


def known_as(rows):
    """{row id: name of the mapping that knows its key} of those that are known and BetPawa does not have."""
    missing = [row for row in rows if row.error_code == MappingErrorCode.UNSUPPORTED_PLATFORM]
    if missing:
        mapping_cache.refresh()
    found = {row.pk: mapping_cache.snapshot.table(row.source).lookup(row.external_market_id) for row in missing}
    return {id: claims[0].definition.name for id, claims in found.items() if claims}


def tab_badge(tab):
    return badge(*TABS[tab])


def row_badges(row, *, with_tab=True):
    """What state it is in, by icon and word."""
    found = []
    if with_tab:
        found.append(tab_badge(row.tab))
    if row.reopened_reason and row.tab == Tab.NEW:
        found.append(badge("Reopened", "replay", "warn", row.reopened_reason))
    return found


def row_remark(row):
    """One quiet sentence about why it is where it is: since when, until when, who, and what before."""
    if row.tab == Tab.REVIEW:
        return (row.review or {}).get("reason") or "It looks wrong since " + lagos_text(row.review_since)
    if row.tab == Tab.SNOOZED:
        return f"Snoozed until {lagos_text(row.snoozed_until)} by {row.decided_by or 'the desk'}"
    if row.tab == Tab.IGNORED:
        rule = " by a rule" if row.ignored_by_rule_id else f" by {row.decided_by}" if row.decided_by else ""
        return f"Ignored{rule}, {until_words(row.ignore_until)}" + (f": {row.notes}" if row.notes else "")
    if row.tab == Tab.MAPPED and row.mapped_to:
        return f"Mapped to {row.mapped_to.name} by {row.decided_by or 'the desk'}"
    if row.tab == Tab.NEW and row.reopened_reason:
        return earlier_words(row.earlier_decision) or row.reopened_reason
    if row.tab == Tab.ACKNOWLEDGED:
        return f"Acknowledged by {row.decided_by or 'the desk'}, {age_text(row.decided_at)}"
    return ""


def earlier_words(decision):
    """What was decided before, in a sentence; "" where nothing was."""
    if not isinstance(decision, dict) or not decision.get("status"):
        return ""
    to = f" to {decision['mappedTo']}" if decision.get("mappedTo") else ""
    at = parse_datetime(str(decision.get("decidedAt") or ""))
    when = f", {lagos_text(at)}" if at else ""
    notes = f": {decision['notes']}" if decision.get("notes") else ""
    return f"Before: {str(decision['status']).lower()}{to} by {decision.get('decidedBy') or 'the desk'}{when}{notes}"


def priority_parts(row):
    """[(words, number)] of what makes the priority; [] before it was worked out."""
    parts = row.priority_parts if isinstance(row.priority_parts, dict) else {}
    return [(words, _number(parts[name])) for name, words in PARTS if parts.get(name) is not None]


def _number(value):
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
