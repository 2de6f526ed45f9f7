"""What names, lines and prices say about whether two markets are the same one."""

from msgspec import structs

from mappings.conflicts.finding import INFO, WARNING, Conflict
from mappings.conflicts.tables import with_texts
from mappings.definitions import REFERENCE
from mappings.evidence.verdicts import SUSPECT, Verdict, judge, pairing_of, siblings_of
from mappings.grammars import InvalidSpecifier, UnknownParameter, grammar_of
from mappings.pairing import sample_pairs
from mappings.suggestions.coordinates import coordinates_of
from mappings.suggestions.observations import label_of
from mappings.suggestions.price_evidence import compare

MOST_KEYS = 3  # source keys whose prices are compared, of one decision
BANDS = frozenset({"exact", "range", "multigoals"})
SPLIT = frozenset({"both", "home", "away"})  # one market for both sides is shared out to two mappings
PERIODS = {"FT": "the whole match", "1H": "the first half", "2H": "the second half", "halves": "both halves"}


def evidence_conflicts(proposal, fixtures, with_draft, names):
    """Conflicts of the source keys in question with BetPawa's market."""
    for slug, key in [pair for pair in proposal.focus() if pair[0] != REFERENCE][:MOST_KEYS]:
        yield from _of_names(proposal, slug, key, names)
        yield from _of_lines(proposal, slug, key, fixtures, names)
        yield from _of_prices(proposal, slug, key, fixtures, with_draft, names)


def _of_names(proposal, slug, key, names):
    row, definition = proposal.described.get((slug, key)), proposal.draft
    if row is None or not row.market_name:
        return
    texts = [label for label, _ in sample_pairs(row.sample_outcomes)]
    theirs = coordinates_of(slug, key, row.market_name, texts)
    ours = coordinates_of(REFERENCE, definition.betpawa_id, definition.name, [o.name for o in definition.outcomes])
    market = f"{names.get(slug, slug)}'s “{row.market_name}”"
    if theirs.family and ours.family and any(ours.roles) and _shape(theirs.family) != _shape(ours.family):
        text = f"{market} looks like {_words(theirs.family)}, this mapping like {_words(ours.family)}."
        yield Conflict(WARNING, "SHAPE_DIFFERS", text)
    if theirs.period != ours.period:
        text = f"{market} is about {_period(theirs.period)}, this mapping about {_period(ours.period)}."
        yield Conflict(WARNING, "PERIOD_DIFFERS", text)
    if theirs.statistic != ours.statistic:
        text = f"{market} counts {_words(theirs.statistic)}, this mapping {_words(ours.statistic)}."
        yield Conflict(WARNING, "SUBJECT_DIFFERS", text)
    side = _side_of(definition, ours)
    if theirs.subject != side and not {theirs.subject, side} <= SPLIT:
        text = f"{market} is about {_side(theirs.subject)}, this mapping about {_side(side)}."
        yield Conflict(WARNING, "SIDE_DIFFERS", text)
    twins = theirs.qualifiers ^ ours.qualifiers
    if twins:
        text = f"Only one of {market} and this mapping says {_words(', '.join(sorted(twins)))}."
        yield Conflict(WARNING, "NEAR_TWIN", text)


def _shape(family):
    """Bands are bands, whether a name calls them exact goals, ranges or multigoals."""
    return "bands" if family in BANDS else family


def _side_of(definition, ours):
    """Many outcomes without a known role look like players; the mapping knows whether they are."""
    return definition.side if ours.subject == "player" and not definition.is_dynamic else ours.subject


def _words(text):
    return text.replace("_", " ").replace("+", " and ").replace("|", " or ")


def _period(text):
    return PERIODS.get(text, text)


def _side(text):
    return {"home": "the home side", "away": "the away side", "both": "both sides"}.get(text, f"the {text}")


def _of_lines(proposal, slug, key, fixtures, names):
    """Lines of one market lie in one range; where they do not, something else is being counted. Two
    grids in one range, halves and quarters, are no contradiction."""
    definition = proposal.draft
    if not definition.has_line or not definition.betpawa_id:
        return
    ours, theirs = set(), set()
    for fixture in fixtures:
        mine = _lines(definition, REFERENCE, definition.betpawa_id, fixture)
        other = _lines(definition, slug, key, fixture)
        if mine and other:
            ours |= mine
            theirs |= other
    if ours and (min(theirs) > max(ours) or max(theirs) < min(ours)):
        text = (
            f"{names.get(slug, slug)} has lines from {min(theirs)} to {max(theirs)}, BetPawa from {min(ours)} to "
            f"{max(ours)}: no event has the same one."
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


def _of_prices(proposal, slug, key, fixtures, with_draft, names):
    """As the nightly check judges mappings in force, on the fixtures at hand."""
    definition, name = proposal.draft, names.get(slug, slug)
    pairing = pairing_of(definition, slug)
    if not definition.betpawa_id or pairing == {}:
        return
    taken = [(fixture, _taken(fixture, slug, key, definition, with_draft)) for fixture in fixtures]
    taken = [(fixture, markets) for fixture, markets in taken if markets]

    def against(betpawa_id, wanted):
        reduced = [_only(fixture, slug, markets, betpawa_id) for fixture, markets in taken]
        return compare(reduced, slug, key, betpawa_id, wanted)

    found = against(definition.betpawa_id, pairing)
    siblings = siblings_of(definition, proposal.present.definitions)
    judgement = judge(found, siblings, lambda sibling: against(sibling.betpawa_id, pairing).distance)
    count = found.fixtures_used
    events = f"{count} event{'' if count == 1 else 's'}"
    if judgement.verdict == Verdict.UNCLEAR:
        text = f"Prices were not enough to tell: {events} with both {name} {key} and BetPawa's market."
        yield Conflict(INFO, "PRICES_UNCHECKED", text)
    elif judgement.verdict == Verdict.SWAPPED:
        text = f"On {events} {name}'s prices fit BetPawa's only with outcomes exchanged: two texts look swapped."
        free = against(definition.betpawa_id, None)
        yield Conflict(WARNING, "PRICES_SWAPPED", text, _swap_fix(proposal, slug, pairing, free.pairing))
    elif judgement.verdict == Verdict.APART:
        text = f"On {events} {name}'s prices are far from BetPawa's (distance {found.distance:.2f})."
        if judgement.looks_like:
            other, distance = judgement.looks_like
            text += f" They fit {other.name} ({other.canonical_id}) much better ({distance:.2f})."
        yield Conflict(WARNING, "PRICES_APART", text)
    elif found.distance < SUSPECT:
        text = f"Prices of {events} agree with BetPawa's (distance {found.distance:.2f})."
        yield Conflict(INFO, "PRICES_AGREE", text)
    else:
        text = f"Prices of {events} do not speak against it (distance {found.distance:.2f})."
        yield Conflict(INFO, "PRICES_AGREE", text)


def _taken(fixture, slug, key, definition, with_draft):
    """The source markets of this key that the definition would map: a key may be shared out by
    what the specifier says."""
    book, table = fixture.books.get(slug), with_draft.table(slug)
    return tuple(
        market
        for market in (book.markets if book else ())
        if market.key == key
        and any(plan.definition is definition for plan in table.select(key, market.specifier).plans)
    )


def _only(fixture, slug, markets, betpawa_id):
    """The fixture with these markets and one of BetPawa: what is compared, and nothing else to read."""
    books = {slug: structs.replace(fixture.books[slug], markets=markets)}
    if (book := fixture.books.get(REFERENCE)) is not None:
        ours = tuple(market for market in book.markets if market.key == betpawa_id)
        books[REFERENCE] = structs.replace(book, markets=ours)
    return structs.replace(fixture, books=books)


def _swap_fix(proposal, slug, pairing, better):
    """The same texts on the outcomes that prices give them; None unless it is only an exchange."""
    own = {label_of(slug, text): text for text in pairing}
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
