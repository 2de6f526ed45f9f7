"""The careful way from a source market to stored markets: every rule in words, memos filled on the way."""

from functools import lru_cache
from operator import itemgetter

from msgspec import structs
from xxhash import xxh3_64_intdigest

from mappings.errors import MappingError, MappingErrorCode
from mappings.grammars import InvalidSpecifier
from mappings.outcome_text import TeamTemplate, clean_text, player_name
from mappings.plans import MOST_ORDERS, Plan, hit_for
from mappings.prices import CLOSED, normalised_price
from mappings.shapes import MappedMarket, ScrapedMarket
from mappings.snapshot import BookmakerTable
from mappings.specifiers import parse_quarters

_SIGN = 1 << 63
_WRAP = 1 << 64
_WIDEST_DETAIL = 300

remembered_price = lru_cache(maxsize=20_000, typed=True)(normalised_price)
remembered_player = lru_cache(maxsize=20_000)(player_name)


class EventTeams:
    """The team names of one event, prepared when the first outcome text needs them."""

    __slots__ = ("_template", "away", "home", "longer_first")

    def __init__(self, home_team: str, away_team: str):
        self.home, self.away = home_team, away_team
        self._template = None
        pairs = [(home_team, "Home"), (away_team, "Away")]
        self.longer_first = sorted((pair for pair in pairs if pair[0]), key=lambda pair: -len(pair[0]))

    @property
    def template(self) -> TeamTemplate:
        if self._template is None:
            self._template = TeamTemplate(self.home, self.away)
        return self._template

    def roughly(self, text):
        """The text with the names replaced wherever they stand: only for asking what is already known."""
        for name, word in self.longer_first:
            text = text.replace(name, word)
        return text


def signed_fingerprint(fragments) -> int:
    """64 bits, signed as PostgreSQL's bigint is."""
    digest = xxh3_64_intdigest("\n".join(fragments))
    return digest if digest < _SIGN else digest - _WRAP


def match_market(table: BookmakerTable, market, teams: EventTeams):
    """([(token, MappedMarket)], [MappingError]) of one source market.

    token: equal for two results that are the same stored market.
    """
    selection = table.select(market.key, market.specifier)
    if selection.refusal is not None:
        error = MappingError(selection.refusal.code, market, selection.refusal.detail)
        return (_as_itself(market) if table.grammar.verbatim else []), [error]
    hits, unmatched, problem = _match_outcomes(selection.plans, market, teams)
    if problem is not None:
        return [], [MappingError(MappingErrorCode.INVALID_ODDS, market, problem)]
    mapped, recognised, errors, conflicts = [], [], [], []
    for plan, of_plan in zip(selection.plans, hits, strict=True):
        if not of_plan:
            continue
        outcomes, fragments = _in_canonical_order(plan, of_plan, conflicts)
        if not outcomes:
            continue
        built = _build(plan, market, outcomes, fragments, table.grammar.verbatim)
        if plan.market_id:
            mapped.append((plan.token, built))
        else:
            recognised.append(built)
    if recognised:
        detail = "Recognised; BetPawa has no such market."
        errors.append(MappingError(MappingErrorCode.UNSUPPORTED_PLATFORM, market, detail, tuple(recognised)))
    rest = unmatched + [outcome for outcome in market.outcomes if outcome.text in set(conflicts)]
    if not mapped and not recognised:
        errors.append(MappingError(MappingErrorCode.NO_MATCHING_OUTCOMES, market, _listed("None matched", rest)))
    elif rest:
        left = _with_outcomes(market, tuple(rest))
        errors.append(MappingError(MappingErrorCode.PARTIAL_OUTCOMES, left, _listed("Not matched", rest)))
    return mapped, errors


def _match_outcomes(plans, market, teams):
    """([[(hit, source text)] per plan], [unmatched outcomes], problem); a problem is a price that
    cannot be one, and costs the whole market."""
    hits = [[] for _ in plans]
    unmatched = []
    for outcome in market.outcomes:
        for position, plan in enumerate(plans):
            try:
                known = plan.memo_get(outcome)
            except TypeError:
                return hits, unmatched, f"{type(outcome.price).__name__} as a price of {outcome.text[:60]!r}."
            if known is not None:
                hits[position].append((known, outcome.text))
                break
        else:
            odds = remembered_price(outcome.price)
            if odds is None:
                return hits, unmatched, f"{str(outcome.price)[:40]!r} as the price of {str(outcome.text)[:60]!r}."
            is_active = bool(outcome.is_active) and odds not in CLOSED
            for position, plan in enumerate(plans):
                found, is_lasting = _identify(plan, outcome.text, teams)
                if found is not None:
                    hit = hit_for(*found, odds, is_active)
                    if is_lasting:
                        plan.remember(outcome, hit)
                    hits[position].append((hit, outcome.text))
                    break
            else:
                if is_active or not any(plan.definition.is_dynamic for plan in plans):
                    unmatched.append(outcome)
    return hits, unmatched, None


def _identify(plan: Plan, text, teams):
    """((index, name) or None, whether it holds for this text in every event)."""
    if plan.definition.is_dynamic:
        return _identify_player(plan, text), False
    found = plan.texts.get(plan.compare(text, plan.line_texts))
    if found is not None:
        return found, True
    if plan.verbatim:
        name = clean_text(text)
        return ((len(plan.definition.outcomes), name) if name else None), False
    if not plan.has_team_names:
        return None, False
    rough = teams.roughly(text)
    found = plan.templates.get(rough)
    if found is None:
        found = plan.texts.get(teams.template.apply(plan.compare(text, plan.line_texts)))
        if found is not None and plan.texts.get(plan.compare(rough, plan.line_texts)) == found:
            plan.remember_template(rough, found)
    return found, False


def _identify_player(plan, text):
    if plan.verbatim:
        name = clean_text(text)
    else:
        name = remembered_player(text)
        if name.casefold() in ("no goal", "no goalscorer", "none"):
            return None
    return (0, name) if name else None


def _in_canonical_order(plan, hits, conflicts):
    """(outcomes, fragments) sorted by the catalogue's positions. An outcome claimed by two texts
    with different prices is left out, and both texts go to `conflicts`: neither can be believed."""
    arrived = tuple(hit[0] for hit, _ in hits)
    by_target = {}
    refused = set()
    for hit, text in hits:
        target = (hit[0], hit[1].name)
        first, first_text = by_target.setdefault(target, (hit, text))
        if first is not hit and first != hit:
            refused.add(target)
            conflicts += [first_text, text]
    ordered = [hit for target, (hit, _) in sorted(by_target.items()) if target not in refused]
    if len(by_target) == len(hits) == len(set(arrived)) and len(plan.orders) < MOST_ORDERS:
        positions = sorted(range(len(arrived)), key=arrived.__getitem__)
        in_order = positions == list(range(len(arrived)))
        plan.orders[arrived] = None if in_order else itemgetter(*positions)
    return tuple(hit[1] for hit in ordered), [hit[2] for hit in ordered]


def _build(plan, market, outcomes, fragments, own_groups):
    return MappedMarket(
        canonical_id=plan.canonical_id,
        betpawa_market_id=plan.market_id,
        betpawa_market_name=plan.name,
        line=plan.line,
        handicap_type=plan.handicap_type,
        handicap_home=plan.handicap_home,
        handicap_away=plan.handicap_away,
        outcomes=outcomes,
        market_groups=(market.groups or plan.groups) if own_groups else plan.groups,
        fingerprint=signed_fingerprint(fragments),
    )


def _as_itself(market):
    """A market of the reference book that no mapping takes, kept under its own id, names verbatim."""
    try:
        line = parse_quarters(market.specifier) if market.specifier else None
    except InvalidSpecifier:
        return []
    chosen = {}
    for outcome in market.outcomes:
        odds, name = remembered_price(outcome.price), clean_text(outcome.text)
        if odds is None or not name:
            return []
        chosen.setdefault(name, hit_for(0, name, odds, bool(outcome.is_active) and odds not in CLOSED))
    if not chosen:
        return []
    hits = sorted(chosen.values())
    mapped = MappedMarket(
        canonical_id=f"betpawa:{market.key}",
        betpawa_market_id=market.key,
        betpawa_market_name=clean_text(market.name) or f"BetPawa {market.key}",
        line=line,
        handicap_type=market.handicap_type,
        handicap_home=line if market.handicap_type in ("ASIAN", "EUROPEAN") else None,
        handicap_away=-line + 0 if line is not None and market.handicap_type in ("ASIAN", "EUROPEAN") else None,
        outcomes=tuple(hit[1] for hit in hits),
        market_groups=tuple(market.groups),
        fingerprint=signed_fingerprint(hit[2] for hit in hits),
    )
    return [((market.key, line), mapped)]


def merged(first: MappedMarket, second: MappedMarket, definition) -> tuple[MappedMarket, bool]:
    """One market out of two with the same target, and whether they contradicted each other.

    The first's prices stand; outcomes that only the second has are added. definition: of the
    market, or None for one that is kept as itself; it gives the order of the outcomes.
    """
    if first.fingerprint == second.fingerprint:
        return first, False
    known = {outcome.name: outcome for outcome in first.outcomes}
    contradicts = any(known.get(outcome.name, outcome) != outcome for outcome in second.outcomes)
    added = tuple(outcome for outcome in second.outcomes if outcome.name not in known)
    if not added:
        return first, contradicts
    positions = {outcome.name: index for index, outcome in enumerate(definition.outcomes)} if definition else {}
    hits = sorted(hit_for(positions.get(o.name, len(positions)), *o) for o in first.outcomes + added)
    outcomes = tuple(hit[1] for hit in hits)
    return structs.replace(
        first, outcomes=outcomes, fingerprint=signed_fingerprint(hit[2] for hit in hits)
    ), contradicts


def _with_outcomes(market, outcomes):
    return ScrapedMarket(
        key=market.key,
        specifier=market.specifier,
        outcomes=outcomes,
        line=market.line,
        name=market.name,
        rules_text=market.rules_text,
        groups=market.groups,
        handicap_type=market.handicap_type,
    )


def _listed(what, outcomes):
    texts = ", ".join(repr(str(outcome.text)[:40]) for outcome in outcomes[:8])
    return f"{what}: {texts or 'no outcomes'}"[:_WIDEST_DETAIL]
