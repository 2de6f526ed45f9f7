"""Which outcomes would not find each other, and which lines: what a bookmaker sends, held against
the outcomes and parameters that a mapping expects."""

from msgspec import structs

from mappings.before_after import Held
from mappings.catalogue.loader import text_key
from mappings.conflicts.finding import ERROR, INFO, WARNING, Conflict, has_or_have, listed
from mappings.conflicts.losing import UNMATCHED, losses, own_mapping, with_filters
from mappings.conflicts.tables import with_texts
from mappings.definitions import REFERENCE
from mappings.grammars import InvalidSpecifier, UnknownParameter, grammar_of
from mappings.mapper import map_market
from mappings.outcome_text import TeamTemplate, clean_text
from mappings.pairing import comparable_keeping_case, meaning, pair, sample_texts
from mappings.sampled import sampled_markets
from mappings.specifiers import format_specifier, parse_specifier

MOST_KEYS = 10  # source keys looked at, of one decision
MOST_MARKETS = 40  # markets of one key that are tried
LINE_PARAMETERS = frozenset({"total", "hcp", "variant"})


def outcome_conflicts(proposal, fixtures, with_draft, names, known):
    """Conflicts of outcomes, pairs and specifiers, over the source keys that the decision is about. known:
    losing.Seen, for the mapping's other keys."""
    focus = [pair for pair in proposal.focus() if pair[0] != REFERENCE][:MOST_KEYS]
    seen = {pair: markets_of(proposal, fixtures, *pair) for pair in focus}
    refused = {pair: _refused(proposal.draft, pair[0], markets) for pair, markets in seen.items()}
    all_refused = any(seen.values()) and all(len(refused[p]) == len(m) for p, m in seen.items() if m)
    for slug, key in focus:
        filters = _filter_for(proposal, slug, seen[slug, key])
        lost = _lost_by(filters, proposal, slug, key, with_draft, known) if filters and refused[slug, key] else []
        told = seen[slug, key], refused[slug, key], all_refused, filters, lost
        yield from _of_specifiers(proposal, slug, key, *told, names)
    for slug in dict.fromkeys(slug for slug, _ in focus):
        markets = [(market, teams) for (other, _), found in seen.items() if other == slug for market, teams in found]
        yield from _of_pairs(proposal, slug, markets, with_draft, names)
    yield from _of_reference(proposal, fixtures)


def markets_of(proposal, fixtures, slug, key):
    """[(ScrapedMarket, (home, away))] of one source key on the kept fixtures; without any, as the
    queue's sample has it, whose prices may be missing."""
    found = [
        (market, (book.home_team, book.away_team))
        for fixture in fixtures
        if (book := fixture.books.get(slug))
        for market in book.markets
        if market.key == key
    ]
    if not found and (row := proposal.described.get((slug, key))) is not None:
        found = [(market, ("", "")) for market in sampled_markets(row)]
    return found[:MOST_MARKETS]


# --- Specifiers -----------------------------------------------------------------------------------


def _refused(definition, slug, markets):
    """[(market, why)] of those that the definition would not take."""
    refused = {}
    grammar = grammar_of(slug)
    for market, _ in markets:
        try:
            grammar.read_line(definition, market.specifier, definition.filters.get(slug, {}))
        except (InvalidSpecifier, UnknownParameter) as error:
            refused[market.specifier] = str(error)
    return [(market, refused[market.specifier]) for market, _ in markets if market.specifier in refused]


def _of_specifiers(proposal, slug, key, markets, refused, all_refused, wanted, lost, names):
    """wanted: the filter with which all of it would map; lost: what other keys would lose by it."""
    if not refused:
        return
    name = names.get(slug, slug)
    examples = list(dict.fromkeys(market.specifier or "no line" for market, _ in refused))
    shown = ", ".join(examples[:3])
    if len(refused) < len(markets):
        taken = len(markets) - len(refused)
        text = f"{name} {key}: {taken} of {len(markets)} seen instances belong here; {shown} would not map."
        yield Conflict(INFO, "SPECIFIERS_LEFT_OUT", text)
        return
    text = f"{name} sends {key} with {shown}, which this market does not have: nothing of it would be mapped."
    fix = None
    if lost:
        would = "would" if any(loss.mapping for loss in lost) else "might"
        text += (
            f" The filter {format_specifier(wanted)} would hold for all of {name}'s keys of this mapping, and "
            f"{', '.join(loss.key for loss in lost)} {would} not map any more. {own_mapping(name, key, proposal.draft)}"
        )
    elif wanted:
        fix = {"specifier_filters": {**proposal.row.specifier_filters, slug: format_specifier(wanted)}}
    yield Conflict(ERROR if all_refused else WARNING, "SPECIFIER_REFUSED", text, fix)


def _filter_for(proposal, slug, markets):
    """The filter under which every instance seen belongs here, where all share their extra parameters."""
    definition = proposal.draft
    extras = set()
    for market, _ in markets:
        try:
            pairs = parse_specifier(market.specifier)
        except InvalidSpecifier:
            return None
        extras.add(tuple(sorted((name, value) for name, value in pairs.items() if name not in LINE_PARAMETERS)))
    if len(extras) != 1 or not (wanted := dict(extras.pop())):
        return None
    filters = {**definition.filters, slug: wanted}
    return None if _refused(structs.replace(definition, filters=filters), slug, markets) else wanted


def _lost_by(wanted, proposal, slug, key, with_draft, known):
    """What the mapping's other keys would lose by a filter: it holds for all keys of the bookmaker."""
    others = [other for other in proposal.draft.keys.get(slug, ()) if other != key]
    if not others:
        return []
    filtered = with_filters(with_draft, proposal.draft, slug, wanted)
    return losses(known, slug, others, (with_draft, proposal.draft), filtered)


# --- Pairs ----------------------------------------------------------------------------------------


def _of_pairs(proposal, slug, markets, with_draft, names):
    definition, name = proposal.draft, names.get(slug, slug)
    if definition.is_dynamic:
        return
    raw = unmatched_texts(slug, markets, with_draft)
    unpaired = list(dict.fromkeys(raw.values()))
    fix = _pairing_fix(proposal, slug, unpaired)
    paired = [outcome for outcome in definition.outcomes if slug in outcome.texts]
    if not paired:
        text = f"No outcome has a text of {name}, so nothing of it would map."
        yield Conflict(ERROR, "NO_PAIRS", text, fix)
        return
    if unpaired and len(raw) == len({str(outcome.text) for market, _ in markets for outcome in market.outcomes}):
        texts = [outcome.texts[slug] for outcome in paired]
        text = f"None of {name}'s outcomes is paired: it sends {listed(unpaired)}; the pairs are for {listed(texts)}."
        yield Conflict(ERROR, "NO_PAIRS", text, fix)
        return
    if unpaired:
        text = f"{name}'s {listed(unpaired)} {has_or_have(unpaired)} no pair, and would stay unmapped."
        yield Conflict(WARNING, "UNPAIRED_TEXT", text, fix)
    missing = [o.name for o in definition.outcomes if REFERENCE in o.texts and slug not in o.texts]
    if missing:
        text = f"BetPawa's {listed(missing)} {has_or_have(missing)} no pair at {name}: no price of {name}'s for it."
        yield Conflict(WARNING, "MISSING_PAIR", text, fix)
    yield from _of_meaning(proposal, slug, name)


def unmatched_texts(slug, markets, with_draft) -> dict[str, str]:
    """{text as it came: the same without line and team names} of outcomes that no mapping takes."""
    found, grammar = {}, grammar_of(slug)
    for market, teams in markets:
        _, errors = map_market(slug, market, *teams, Held(with_draft))
        for error in errors:
            if error.code in UNMATCHED:
                lines = grammar.line_texts(market.specifier)
                for outcome in error.market.outcomes:
                    found.setdefault(str(outcome.text), _plain(str(outcome.text), lines, teams))
    return found


def _plain(text, line_texts, teams):
    plain = comparable_keeping_case(text, line_texts)
    folded = plain.casefold()
    templated = TeamTemplate(*teams).apply(folded)
    return plain if templated == folded else templated


def _pairing_fix(proposal, slug, unpaired):
    """The outcome table with every missing pair added whose words leave no doubt."""
    samples = [text for row in proposal.queue_rows if row.source == slug for text in sample_texts(row.sample_outcomes)]
    known = {own for own, _, _ in samples}
    samples += [(text, text, "") for text in unpaired if text not in known]
    taken = {text_key(slug, o.texts[slug]) for o in proposal.draft.outcomes if slug in o.texts}
    texts = {
        outcome: text
        for outcome, text in pair(proposal.draft, slug, samples).items()
        if text_key(slug, text) not in taken
    }
    return {"outcome_mapping": with_texts(proposal.row.outcome_mapping, slug, texts)} if texts else None


def _of_meaning(proposal, slug, name):
    """Pairs whose two texts plainly mean the other one's: home and away the wrong way round."""
    means = {
        outcome.canonical_id: (meaning(outcome.texts[REFERENCE]), meaning(outcome.texts[slug]))
        for outcome in proposal.draft.outcomes
        if REFERENCE in outcome.texts and slug in outcome.texts
    }
    for first, (ours, theirs) in means.items():
        for second, (others, their_other) in means.items():
            if first < second and ours != others and (ours, theirs) == (their_other, others):
                one, other = (o for o in proposal.draft.outcomes if o.canonical_id in (first, second))
                texts = listed([one.texts[slug], other.texts[slug]])
                text = f"{name}'s texts of BetPawa's “{one.name}” and “{other.name}” look swapped: {texts}."
                texts = {one.canonical_id: other.texts[slug], other.canonical_id: one.texts[slug]}
                fix = {"outcome_mapping": with_texts(proposal.row.outcome_mapping, slug, texts)}
                yield Conflict(WARNING, "TEXTS_SWAPPED", text, fix)


def _of_reference(proposal, fixtures):
    """Outcomes that BetPawa's own market has and the mapping does not."""
    definition = proposal.draft
    if definition.is_dynamic or not definition.betpawa_id:
        return
    known = {outcome.texts.get(REFERENCE) for outcome in definition.outcomes}
    seen = {
        clean_text(outcome.text): None
        for fixture in fixtures
        if (book := fixture.books.get(REFERENCE))
        for market in book.markets
        if market.key == definition.betpawa_id
        for outcome in market.outcomes
    }
    missing = [text for text in seen if text not in known]
    if missing:
        text = f"BetPawa's market has {listed(missing)}, which this mapping does not name: no rival's price for it."
        yield Conflict(WARNING, "MISSING_OUTCOME", text)
