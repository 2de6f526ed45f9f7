"""The careful way from a source market to stored markets: every rule in words, memos filled on the way."""

from functools import lru_cache
from operator import itemgetter

from msgspec import structs
from xxhash import xxh3_64_intdigest

from mappings.errors import MappingError, MappingErrorCode
from mappings.grammars import InvalidSpecifier
from mappings.outcome_text import TeamTemplate, clean_text, player_name
from mappings.plans import MOST_ORDERS, Plan, hit_for
from mappings.prices import CLOSED, remembered_price
from mappings.shapes import MappedMarket, ScrapedMarket
from mappings.snapshot import BookmakerTable
from mappings.specifiers import parse_quarters

_SIGN = 1 << 63
_WRAP = 1 << 64
_WIDEST_DETAIL = 300
NO_PLAYER = frozenset({"no goal", "no goalscorer", "none"})

remembered_name = lru_cache(maxsize=20_000)(clean_text)
remembered_player = lru_cache(maxsize=20_000)(player_name)


class EventTeams:
    """The team names of one event, prepared when the first outcome text needs them."""

    __slots__ = ("_template", "away", "home", "longer_first")

    def __init__(self, home_team: str, away_team: str):
        self.home, self.away = home_team, away_team
        self._template = None
        pairs = ((home_team, "Home"), (away_team, "Away"))
        self.longer_first = pairs if len(home_team) >= len(away_team) else pairs[::-1]

    @property
    def template(self) -> TeamTemplate:
        if self._template is None:
            self._template = TeamTemplate(self.home, self.away)
        return self._template

    def roughly(self, text):
        """The text with the names replaced wherever they stand: only for asking what is already known."""
        for name, word in self.longer_first:
            if name and name in text:
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
    try:
        matches, rest = _match_outcomes(selection.plans, market, teams)
    except _NoPrice as error:
        claimed = tuple((plan.market_id, plan.line) for plan in selection.plans if plan.market_id)
        return [], [MappingError(MappingErrorCode.INVALID_ODDS, market, str(error), claimed=claimed)]
    mapped, recognised, errors = [], [], []
    for plan, (hits, sources) in zip(selection.plans, matches, strict=True):
        outcomes, fragments = _in_canonical_order(plan, hits, sources, rest) if hits else ((), ())
        if outcomes:
            built = _build(plan, market, outcomes, fragments)
            if plan.market_id:
                mapped.append((plan.token, built))
            else:
                recognised.append(built)
    if recognised:
        errors.append(unsupported(market, tuple(recognised)))
    if not mapped and not recognised:
        errors.append(MappingError(MappingErrorCode.NO_MATCHING_OUTCOMES, market, _listed("None matched", rest)))
    elif rest:
        left = _with_outcomes(market, tuple(rest))
        errors.append(MappingError(MappingErrorCode.PARTIAL_OUTCOMES, left, _listed("Not matched", rest)))
    return mapped, errors


def unsupported(market, recognised) -> MappingError:
    """A market that is known, and that the reference book does not have."""
    return MappingError(MappingErrorCode.UNSUPPORTED_PLATFORM, market, "BetPawa has no such market.", recognised)


class _NoPrice(ValueError):
    """A price that cannot be one; it costs the whole market. Never leaves this module."""


def _match_outcomes(plans, market, teams):
    """([(hits, their source outcomes) per plan], [outcomes that matched nothing]). Raises _NoPrice."""
    if len(plans) == 1 and plans[0].definition.is_dynamic:
        return _match_players(plans[0], market)
    matches = [([], []) for _ in plans]
    rest = []
    pairs = list(zip(plans, matches, strict=True))
    for outcome in market.outcomes:
        for plan, (hits, sources) in pairs:
            hit = _find(plan, outcome, teams)
            if hit is not None:
                hits.append(hit)
                sources.append(outcome)
                break
        else:
            rest.append(outcome)
    return matches, rest


def _match_players(plan, market):
    """As _match_outcomes, for outcomes that are players: each name stands for itself. What SportyBet
    writes for "nobody scores" is no player; closed, as it always was, it is passed over."""
    hits, sources, rest = [], [], []
    read_name = remembered_name if plan.verbatim else remembered_player
    for outcome in market.outcomes:
        odds, name = _price(outcome), read_name(outcome.text)
        if name and (plan.verbatim or name.casefold() not in NO_PLAYER):
            hits.append(hit_for(0, name, odds, bool(outcome.is_active) and odds not in CLOSED))
            sources.append(outcome)
        elif odds not in CLOSED:
            rest.append(outcome)
    return [(hits, sources)], rest


def _price(outcome):
    try:
        odds = remembered_price(outcome.price)
    except TypeError:
        odds = None
    if odds is None:
        raise _NoPrice(f"{str(outcome.price)[:40]!r} as the price of {str(outcome.text)[:60]!r}.")
    return odds


def _find(plan, outcome, teams):
    """The hit for one outcome; None when its text means nothing here."""
    odds = _price(outcome)
    found = plan.known_texts.get(outcome.text)
    if found is None:
        found, is_lasting = _identify(plan, outcome.text, teams)
        if found is None:
            return None
        if is_lasting:
            plan.remember_text(outcome.text, found)
    return hit_for(found[0], found[1], odds, bool(outcome.is_active) and odds not in CLOSED)


def _identify(plan: Plan, text, teams):
    """((index, name) or None, whether it holds for this text in every event)."""
    if plan.has_team_names:
        rough = teams.roughly(text)
        if rough is not text and (found := plan.templates.get(rough)) is not None:
            return found, False
        compared = plan.compare(text, plan.line_texts)
        templated = teams.template.apply(compared)
        if templated != compared and (found := plan.texts.get(templated)) is not None:
            plan.names_teams = True
            if plan.texts.get(plan.compare(rough, plan.line_texts)) == found:
                plan.remember_template(rough, found)
            return found, False
    else:
        compared = plan.compare(text, plan.line_texts)
    found = plan.texts.get(compared)
    if found is None and plan.verbatim:
        name = remembered_name(text)
        return ((len(plan.definition.outcomes), name) if name else None), False
    return found, True


def _in_canonical_order(plan, hits, sources, rest):
    """(outcomes, fragments) by the catalogue's positions. An outcome that two texts claim with
    different prices is left out, and both go to `rest`: neither can be believed."""
    if plan.definition.is_dynamic and len({hit[1].name for hit in hits}) == len(hits):
        hits.sort()
        return tuple([hit[1] for hit in hits]), [hit[2] for hit in hits]
    arrived = tuple([hit[0] for hit in hits])
    if arrived in plan.orders or (len(set(arrived)) == len(arrived) and _learn_order(plan, arrived)):
        order = plan.orders[arrived]
        hits = hits if order is None else order(hits)
        return tuple([hit[1] for hit in hits]), [hit[2] for hit in hits]
    first, refused = {}, set()
    for hit, source in zip(hits, sources, strict=True):
        target = (hit[0], hit[1].name)
        known, known_source = first.setdefault(target, (hit, source))
        if known != hit:
            rest += [source] if target in refused else [known_source, source]
            refused.add(target)
    ordered = [hit for target, (hit, _) in sorted(first.items()) if target not in refused]
    return tuple(hit[1] for hit in ordered), [hit[2] for hit in ordered]


def _learn_order(plan, arrived):
    """Remember how to sort outcomes that come in this order; all indices differ. Always true."""
    if len(plan.orders) >= MOST_ORDERS:
        plan.orders.clear()
    positions = sorted(range(len(arrived)), key=arrived.__getitem__)
    plan.orders[arrived] = None if positions == list(range(len(arrived))) else itemgetter(*positions)
    return True


def _build(plan, market, outcomes, fragments):
    return MappedMarket(
        canonical_id=plan.canonical_id,
        betpawa_market_id=plan.market_id,
        betpawa_market_name=plan.name,
        line=plan.line,
        handicap_type=plan.handicap_type,
        handicap_home=plan.handicap_home,
        handicap_away=plan.handicap_away,
        outcomes=outcomes,
        market_groups=(market.groups or plan.groups) if plan.verbatim else plan.groups,
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
        odds, name = remembered_price(outcome.price), remembered_name(outcome.text)
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
