"""Reads and checks market definitions: the catalogue's as a whole, a person's one by one."""

from functools import cache
from itertools import combinations
from pathlib import Path

import msgspec

from mappings.definitions import (
    LINE_SEMANTICS,
    OUTCOME_COLUMNS,
    REFERENCE,
    SLUG,
    SOURCE_COLUMNS,
    MarketDefinition,
    OutcomeDefinition,
)
from mappings.outcome_text import comparable
from mappings.specifiers import InvalidSpecifier, parse_specifier

FOOTBALL = Path(__file__).with_name("football.json")
KINDS = ("simple", "over_under", "handicap_3way", "asian_handicap", "variant", "combo")
SUBKINDS = (
    "combo_with_line",
    "correct_score",
    "early_payout",
    "exact_count",
    "margin_buckets",
    "number_specifier",
    "overlapping_ranges",
    "player",
    "ranges",
    "score_groups",
    "time_window",
)
LINE_OF_KIND = {"over_under": "total", "handicap_3way": "home_handicap", "asian_handicap": "home_handicap"}
MOST_OUTCOMES = 1000


class CatalogueError(ValueError):
    """The catalogue contradicts itself. problems: every one of them, as lines for people."""

    def __init__(self, problems):
        super().__init__(f"{len(problems)} problems in the market catalogue:\n" + "\n".join(problems))
        self.problems = tuple(problems)


class _Outcome(msgspec.Struct, forbid_unknown_fields=True):
    canonical_id: str
    betpawa_name: str | None
    sportybet_desc: str | None
    bet9ja_suffix: str | None
    position: int


class _Entry(msgspec.Struct, forbid_unknown_fields=True):
    canonical_id: str
    name: str
    kind: str
    subkind: str | None
    period: str
    subject: str
    side: str
    has_line: bool
    line_semantics: str | None
    betpawa_id: str | None
    sportybet_id: str | None
    sportybet_specifier_filter: str | None
    bet9ja_key: str | None
    bet9ja_extra_keys: list[str]
    status: str
    outcomes: list[_Outcome]
    seen_at: list[str] = []
    superseded_by: list[str] = []
    alias: str = ""
    notes: str = ""


class _Catalogue(msgspec.Struct, forbid_unknown_fields=True):
    sport: str
    markets: list[_Entry]


@cache
def built_in() -> tuple[MarketDefinition, ...]:
    """The active entries of the football catalogue. Raises CatalogueError."""
    return load(FOOTBALL.read_bytes())


def load(text: bytes) -> tuple[MarketDefinition, ...]:
    """Definitions from a catalogue's JSON. Raises CatalogueError with every problem found."""
    try:
        entries = msgspec.json.decode(text, type=_Catalogue).markets
    except msgspec.DecodeError as error:
        raise CatalogueError([f"not a catalogue: {error}"]) from error
    problems = _entry_problems(entries)
    definitions = tuple(_from_entry(entry) for entry in entries if entry.status == "active")
    for definition in definitions:
        problems += [f"{definition.canonical_id}: {text}" for text in _own_problems(definition)]
    problems += _shared_problems(definitions)
    if problems:
        raise CatalogueError(problems)
    return definitions


def _entry_problems(entries):
    problems, seen = [], set()
    for entry in entries:
        if entry.canonical_id in seen:
            problems.append(f"{entry.canonical_id}: the id is used twice")
        seen.add(entry.canonical_id)
        if entry.status not in ("active", "superseded"):
            problems.append(f"{entry.canonical_id}: unknown status {entry.status!r}")
        if entry.has_line != (entry.line_semantics in ("total", "home_handicap")):
            problems.append(f"{entry.canonical_id}: has_line contradicts line_semantics {entry.line_semantics!r}")
    known = {entry.canonical_id for entry in entries if entry.status == "active"}
    for entry in entries:
        problems += [
            f"{entry.canonical_id}: superseded by {other!r}, which is no active entry"
            for other in entry.superseded_by
            if other not in known
        ]
    return problems


def _from_entry(entry):
    keys = {slug: (value,) for slug, column in SOURCE_COLUMNS.items() if (value := getattr(entry, column))}
    if entry.bet9ja_extra_keys:
        keys["bet9ja"] = (*keys.get("bet9ja", ()), *entry.bet9ja_extra_keys)
    return MarketDefinition(
        canonical_id=entry.canonical_id,
        name=entry.name,
        kind=entry.kind,
        subkind=entry.subkind,
        period=entry.period,
        subject=entry.subject,
        side=entry.side,
        line_semantics=entry.line_semantics,
        keys=keys,
        filters=_filters({"sportybet": entry.sportybet_specifier_filter}),
        outcomes=_in_order(msgspec.to_builtins(entry.outcomes)),
    )


def _filters(texts):
    """{slug: {key: value}}; a filter that cannot be read is kept as one that nothing satisfies."""
    filters = {}
    for slug, text in texts.items():
        if not text:
            continue
        try:
            filters[slug] = parse_specifier(text)
        except InvalidSpecifier:
            filters[slug] = {"": text}
    return filters


def _in_order(outcomes):
    definitions = []
    for index, outcome in enumerate(outcomes):
        texts = {slug: text for slug, column in OUTCOME_COLUMNS.items() if (text := outcome.get(column))}
        texts |= {slug: text for slug, text in (outcome.get("sources") or {}).items() if text}
        definitions.append(OutcomeDefinition(outcome["canonical_id"], outcome.get("position", index), texts))
    return tuple(sorted(definitions, key=lambda outcome: outcome.position))


def from_row(row, *, overrides=False) -> MarketDefinition:
    """The definition that a UserMarketMapping row holds. Raises KeyError, TypeError, AttributeError
    or ValueError for JSON that is not in its documented form."""
    keys = {slug: [value] for slug, column in SOURCE_COLUMNS.items() if (value := getattr(row, column))}
    for extra in row.extra_source_keys:
        if extra["key"] not in keys.setdefault(extra["bookmaker"], []):
            keys[extra["bookmaker"]].append(extra["key"])
    return MarketDefinition(
        canonical_id=row.canonical_id,
        name=row.name,
        kind=row.kind,
        subkind=row.subkind or None,
        period=row.period,
        subject=row.subject,
        side=row.side,
        line_semantics=row.line_semantics or None,
        keys={slug: tuple(values) for slug, values in keys.items()},
        filters=_filters(row.specifier_filters),
        outcomes=_in_order(row.outcome_mapping),
        priority=row.priority,
        origin="db",
        overrides=overrides,
    )


def definition_problems(row) -> dict[str, list[str]]:
    """{field: problems} of a UserMarketMapping before it is saved; {} when it will map."""
    shape = _shape_problems(row)
    if shape:
        return shape
    definition = from_row(row)
    problems: dict[str, list[str]] = {}
    for text in _own_problems(definition):
        problems.setdefault(_field_of(text), []).append(text[:1].upper() + text[1:] + ".")
    if not any(definition.keys.values()):
        problems.setdefault("__all__", []).append("At least one bookmaker's key is needed.")
    if row.is_active and not definition.outcomes and not definition.is_dynamic:
        problems.setdefault("outcome_mapping", []).append("At least one outcome is needed.")
    return problems


def row_problems(row) -> list[str]:
    """Why a stored row cannot be used, in words; [] when it can."""
    return [text for texts in definition_problems(row).values() for text in texts]


def _shape_problems(row):
    problems = {}
    outcomes = row.outcome_mapping
    if not isinstance(outcomes, list) or not all(_is_outcome(outcome) for outcome in outcomes):
        problems["outcome_mapping"] = ["A list of outcomes, each with a canonical_id, texts, and a whole position."]
    extra = row.extra_source_keys
    if not isinstance(extra, list) or not all(
        isinstance(item, dict)
        and set(item) == {"bookmaker", "key"}
        and isinstance(item["bookmaker"], str)
        and isinstance(item["key"], str)
        and SLUG.fullmatch(item["bookmaker"])
        and 0 < len(item["key"]) <= 50
        for item in extra
    ):
        problems["extra_source_keys"] = ['A list of {"bookmaker": slug, "key": text}.']
    filters = row.specifier_filters
    if not isinstance(filters, dict) or not all(isinstance(text, str) for text in filters.values()):
        problems["specifier_filters"] = ['An object {slug: "key=value"}.']
    return problems


def _is_outcome(outcome):
    if not isinstance(outcome, dict) or not isinstance(outcome.get("canonical_id"), str):
        return False
    position = outcome.get("position", 0)
    sources = outcome.get("sources") or {}
    texts = [outcome.get(column) for column in OUTCOME_COLUMNS.values()]
    return (
        set(outcome) <= {"canonical_id", "position", "sources", *OUTCOME_COLUMNS.values()}
        and isinstance(position, int)
        and not isinstance(position, bool)
        and isinstance(sources, dict)
        and all(text is None or isinstance(text, str) for text in [*texts, *sources.values()])
    )


def _field_of(problem):
    first = problem.split()[0]
    return {"outcome": "outcome_mapping", "filter": "specifier_filters"}.get(first, first)


def _own_problems(definition):
    """What is wrong with one definition alone; each line begins with the field it is about."""
    problems = []
    if definition.kind not in KINDS:
        problems.append(f"kind {definition.kind!r} is unknown")
    if definition.subkind is not None and definition.subkind not in SUBKINDS:
        problems.append(f"subkind {definition.subkind!r} is unknown")
    if definition.line_semantics is not None and not LINE_SEMANTICS.fullmatch(definition.line_semantics):
        problems.append(f"line_semantics {definition.line_semantics!r} is unknown")
    wanted = LINE_OF_KIND.get(definition.kind)
    if wanted and definition.line_semantics != wanted:
        problems.append(f"line_semantics of {definition.kind} is {wanted}, not {definition.line_semantics}")
    problems += [
        f"filter {pairs['']!r} of {slug} is not key=value" for slug, pairs in definition.filters.items() if "" in pairs
    ]
    return problems + _outcome_problems(definition)


def _outcome_problems(definition):
    if len(definition.outcomes) > MOST_OUTCOMES:
        return [f"outcome list of {len(definition.outcomes)}; at most {MOST_OUTCOMES}"]
    problems = []
    problems += [
        f"outcome id {name!r} is used twice" for name in _repeated(o.canonical_id for o in definition.outcomes)
    ]
    if any(not outcome.canonical_id.strip() for outcome in definition.outcomes):
        problems.append("outcome without a canonical_id")
    problems += [
        f"outcome name {name!r} is stored for two outcomes" for name in _repeated(o.name for o in definition.outcomes)
    ]
    for slug in {slug for outcome in definition.outcomes for slug in outcome.texts}:
        texts = (text_key(slug, o.texts[slug]) for o in definition.outcomes if slug in o.texts)
        problems += [f"outcome text {text!r} of {slug} stands for two outcomes" for text in _repeated(texts)]
    return problems


def text_key(slug, text):
    """What two texts of one bookmaker are compared by."""
    return comparable(text) if slug == "sportybet" else text


def _repeated(values):
    seen, repeated = set(), []
    for value in values:
        if value in seen:
            repeated.append(value)
        seen.add(value)
    return repeated


def _shared_problems(definitions):
    """Targets and source keys that two definitions claim."""
    targets = [definition.betpawa_id for definition in definitions if definition.betpawa_id]
    problems = [f"betpawa_id {target} is the target of two entries" for target in _repeated(targets)]
    claims: dict[tuple[str, str], list[MarketDefinition]] = {}
    for definition in definitions:
        for slug, keys in definition.keys.items():
            for key in keys:
                claims.setdefault((slug, key), []).append(definition)
    for (slug, key), claimants in sorted(claims.items()):
        problems += [
            f"{slug} {key} is claimed by {one.canonical_id} and {other.canonical_id}, and nothing tells them apart"
            for one, other in combinations(claimants, 2)
            if slug != REFERENCE and collide(slug, one, other)
        ]
    return problems


def collide(slug, one: MarketDefinition, other: MarketDefinition) -> bool:
    """Whether an outcome of one source market could belong to both definitions."""
    mine, theirs = one.filters.get(slug, {}), other.filters.get(slug, {})
    if any(theirs.get(key, value) != value for key, value in mine.items()):
        return False
    texts = {text_key(slug, o.texts[slug]) for o in one.outcomes if slug in o.texts}
    others = {text_key(slug, o.texts[slug]) for o in other.outcomes if slug in o.texts}
    return not texts or not others or bool(texts & others)


def takers(slug, definitions) -> list[MarketDefinition]:
    """Those of a key's claimants, the strongest first, that get outcomes: who loses to a stronger one takes
    nothing from a weaker one."""
    found = []
    for one in definitions:
        if not any(collide(slug, one, taker) for taker in found):
            found.append(one)
    return found
