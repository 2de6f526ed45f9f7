"""What names, lines and prices say about whether two markets are the same one."""

from msgspec import structs

from mappings.admin_pairing import sample_pairs
from mappings.conflicts.finding import INFO, WARNING, Conflict
from mappings.conflicts.tables import with_texts
from mappings.definitions import REFERENCE
from mappings.grammars import InvalidSpecifier, UnknownParameter, grammar_of
from mappings.suggestions.coordinates import coordinates_of, template
from mappings.suggestions.observations import label_of
from mappings.suggestions.price_evidence import APART, NEAR, compare

MOST_KEYS = 3  # source keys whose prices are compared, of one decision
PERIODS = {"FT": "the whole match", "1H": "the first half", "2H": "the second half", "halves": "both halves"}


def evidence_conflicts(proposal, fixtures, names):
    """Conflicts of the source keys in question with BetPawa's market."""
    for slug, key in [pair for pair in proposal.focus() if pair[0] != REFERENCE][:MOST_KEYS]:
        yield from _of_names(proposal, slug, key, names)
        yield from _of_lines(proposal, slug, key, fixtures, names)
        yield from _of_prices(proposal, slug, key, fixtures, names)


def _of_names(proposal, slug, key, names):
    row, definition = proposal.described.get((slug, key)), proposal.draft
    if row is None or not row.market_name:
        return
    texts = [label for label, _ in sample_pairs(row.sample_outcomes)]
    theirs = coordinates_of(slug, key, row.market_name, texts)
    ours = coordinates_of(REFERENCE, definition.betpawa_id, definition.name, [o.name for o in definition.outcomes])
    market = f"{names.get(slug, slug)}'s “{row.market_name}”"
    if theirs.family and ours.family and theirs.family != ours.family:
        text = f"{market} looks like {_words(theirs.family)}, this mapping like {_words(ours.family)}."
        yield Conflict(WARNING, "SHAPE_DIFFERS", text)
    if theirs.period != ours.period:
        text = f"{market} is about {_period(theirs.period)}, this mapping about {_period(ours.period)}."
        yield Conflict(WARNING, "PERIOD_DIFFERS", text)
    if theirs.statistic != ours.statistic:
        text = f"{market} counts {_words(theirs.statistic)}, this mapping {_words(ours.statistic)}."
        yield Conflict(WARNING, "SUBJECT_DIFFERS", text)
    if theirs.subject != ours.subject:
        text = f"{market} is about {_side(theirs.subject)}, this mapping about {_side(ours.subject)}."
        yield Conflict(WARNING, "SIDE_DIFFERS", text)
    twins = theirs.qualifiers ^ ours.qualifiers
    if twins:
        text = f"Only one of {market} and this mapping says {_words(', '.join(sorted(twins)))}."
        yield Conflict(WARNING, "NEAR_TWIN", text)


def _words(text):
    return text.replace("_", " ").replace("+", " and ").replace("|", " or ")


def _period(text):
    return PERIODS.get(text, text)


def _side(text):
    return {"home": "the home side", "away": "the away side", "both": "both sides"}.get(text, f"the {text}")


def _of_lines(proposal, slug, key, fixtures, names):
    """Lines of one market overlap; where they never do, something else is being counted."""
    definition = proposal.draft
    if not definition.has_line or not definition.betpawa_id:
        return
    ours, theirs, common = set(), set(), False
    for fixture in fixtures:
        mine = _lines(definition, REFERENCE, definition.betpawa_id, fixture)
        other = _lines(definition, slug, key, fixture)
        if mine and other:
            ours |= mine
            theirs |= other
            common = common or bool(mine & other)
    if ours and not common:
        text = (
            f"{names.get(slug, slug)} has lines from {min(theirs)} to {max(theirs)}, BetPawa from {min(ours)} to "
            f"{max(ours)}, and never the same one."
        )
        yield Conflict(WARNING, "LINES_DIFFER", text)


def _lines(definition, slug, key, fixture):
    book, grammar, lines = fixture.books.get(slug), grammar_of(slug), set()
    for market in book.markets if book else ():
        if market.key == key:
            try:
                lines.add(grammar.read_line(definition, market.specifier, definition.filters.get(slug, {})))
            except (InvalidSpecifier, UnknownParameter):
                continue  # reported as a specifier that the mapping does not take
    return lines - {None}


def _of_prices(proposal, slug, key, fixtures, names):
    definition, name = proposal.draft, names.get(slug, slug)
    pairing = {
        o.texts[slug]: o.texts[REFERENCE] for o in definition.outcomes if slug in o.texts and REFERENCE in o.texts
    }
    if not definition.betpawa_id or not (pairing or definition.is_dynamic):
        return
    reduced = [_only(fixture, {slug: key, REFERENCE: definition.betpawa_id}) for fixture in fixtures]
    found = compare(reduced, slug, key, definition.betpawa_id, pairing or None)
    count = found.fixtures_used
    events = f"{count} event{'' if count == 1 else 's'}"
    if found.distance is None or found.enough < 1:
        text = f"Prices were not enough to tell: {events} with both {name} {key} and BetPawa's market."
        yield Conflict(INFO, "PRICES_UNCHECKED", text)
    elif found.swapped:
        text = f"On {events} {name}'s prices fit BetPawa's only with outcomes exchanged: two texts look swapped."
        free = compare(reduced, slug, key, definition.betpawa_id)
        yield Conflict(WARNING, "PRICES_SWAPPED", text, _swap_fix(proposal, slug, pairing, free.pairing))
    elif found.distance > APART:
        text = (
            f"On {events} {name}'s prices are far from BetPawa's (distance {found.distance:.2f}; the same market stays "
            f"below {NEAR:.2f})."
        )
        yield Conflict(WARNING, "PRICES_APART", text)
    else:
        text = f"Prices of {events} agree with BetPawa's (distance {found.distance:.2f})."
        yield Conflict(INFO, "PRICES_AGREE", text)


def _only(fixture, wanted):
    """The fixture with one market of each bookmaker: what is compared, and nothing else to read."""
    books = {
        slug: structs.replace(book, markets=tuple(market for market in book.markets if market.key == wanted[slug]))
        for slug, book in fixture.books.items()
        if slug in wanted
    }
    return structs.replace(fixture, books=books)


def _swap_fix(proposal, slug, pairing, better):
    """The same texts on the outcomes that prices give them; None unless it is only an exchange."""
    own = {label_of(template(text)): text for text in pairing}
    by_name = {name: own[label] for label, name in better.items() if label in own}
    names = {name: text for text, name in pairing.items()}
    moved = {name: text for name, text in by_name.items() if names.get(name) != text}
    if not moved or {names.get(name) for name in moved} != set(moved.values()):
        return None
    texts = {
        outcome.canonical_id: moved[outcome.texts[REFERENCE]]
        for outcome in proposal.draft.outcomes
        if outcome.texts.get(REFERENCE) in moved
    }
    return {"outcome_mapping": with_texts(proposal.row.outcome_mapping, slug, texts)}
