"""Why a market was suggested, in words: one bar of the waterfall for each thing that counted."""

from mappings.suggestions.features import FEATURES, LIKE, PLACES
from mappings.suggestions.markets import Source
from mappings.suggestions.price_evidence import APART
from mappings.suggestions.ranking import Ranked
from mappings.suggestions.rules_texts import contradicts
from mappings.suggestions.scoring import Model
from mappings.suggestions.twins import are_twins
from mappings.suggestions.vocabulary import FAMILY_WORDS, PERIOD_WORDS

FAMILY_OF = dict(FEATURES)
# What is one bar; the order in which bars of equal length stand.
BARS = (
    ("kind",),
    ("closeness", "apart", "lead"),
    ("period",),
    ("subject",),
    ("statistic",),
    ("outcomes", "count", "line"),
    ("wording", "leftover"),
    ("terms",),
    ("rules",),
    ("ids",),
    ("others",),
    ("fed",),
)
LEAST_POINTS = 0.01
AGREE = 0.12
LITTLE = 0.1  # a likeness of names that says neither yes nor no


def waterfall(source: Source, ranked: Ranked, model: Model) -> list[dict]:
    """[{family, points, text}], the longest bar first; with the model's base they sum to the score."""
    points = ranked.candidate.values * model.vector
    bars = []
    for names in BARS:
        total = sum(float(points[PLACES[name]]) for name in names)
        if abs(total) >= LEAST_POINTS:
            text = _TEXTS[names[0]](source, ranked)
            bars.append({"family": FAMILY_OF[names[0]], "points": round(total, 2), "text": text})
    return sorted(bars, key=lambda bar: -abs(bar["points"]))


def headline(reasons: list[dict]) -> str:
    """One line for a list: prices first where there are any, then what weighed most."""
    best = [reason for reason in reasons if reason["points"] > 0 or reason["family"] == "prices"]
    best.sort(key=lambda reason: reason["family"] != "prices")
    return "; ".join(reason["text"] for reason in best[:2])[:200]


def family_words(family: str) -> str:
    """ "1x2+btts" -> "1X2 and both teams to score"."""
    joint = " or " if "|" in family else " and "
    parts = family.replace("|", "+").split("+")
    return joint.join(FAMILY_WORDS.get(part, part.replace("_", " ")) for part in parts)


def period_words(period: str) -> str:
    return PERIOD_WORDS.get(period, period.replace("part_", "only partly ").replace("min", " min"))


def _kind(source, ranked):
    ours, theirs = source.coordinates.family, ranked.candidate.target.coordinates.family
    if ours == theirs:
        return f"same kind: {family_words(ours)}"
    return f"kinds differ: {family_words(ours)} and {family_words(theirs)}"


def _prices(source, ranked):
    prices = ranked.candidate.prices
    fixtures = f"{prices.fixtures_used} event{'' if prices.fixtures_used == 1 else 's'}"
    if prices.swapped:
        return f"prices agree on {fixtures} only with outcomes exchanged ({prices.distance:.2f})"
    if are_twins(source.coordinates, ranked.candidate.target.coordinates):
        return f"prices cannot tell these two kinds apart ({prices.distance:.2f} on {fixtures})"
    if prices.distance > APART:
        return f"prices are apart on {fixtures} ({prices.distance:.2f})"
    word = "agree" if prices.distance < AGREE else "are near" if prices.distance < LIKE else "differ a little"
    return f"prices {word} on {fixtures} ({prices.distance:.2f})"


def _same(what, ours, theirs):
    return f"same {what}: {ours}" if ours == theirs else f"{what} differs: {ours} and {theirs}"


def _period(source, ranked):
    theirs = ranked.candidate.target.coordinates.period
    return _same("period", period_words(source.coordinates.period), period_words(theirs))


def _side(source, ranked):
    ours, theirs = source.coordinates.subject, ranked.candidate.target.coordinates.subject
    if ours == "both" and theirs in ("home", "away"):
        return f"home and away in one market, this is the {theirs} part"
    return _same("side", ours, theirs)


def _statistic(source, ranked):
    theirs = ranked.candidate.target.coordinates.statistic.replace("_", " ")
    return _same("count", source.coordinates.statistic.replace("_", " "), theirs)


def _outcomes(source, ranked):
    ours = [role for role in source.coordinates.roles if role]
    theirs = set(ranked.candidate.target.coordinates.roles)
    if source.coordinates.subject == "both":
        ours = [role[1:] for role in ours]
    text = f"{len(source.coordinates.roles)} outcomes beside {len(ranked.candidate.target.texts)}"
    if ours and theirs - {""}:
        text += f", {len([role for role in ours if role in theirs])} named alike"
    line = ranked.candidate.values[PLACES["line"]]
    return text + ("; one has lines, the other none" if line < 0 else "; both have lines" if line > 0 else "")


def _wording(source, ranked):
    ours = source.coordinates
    theirs = ranked.candidate.target.coordinates
    odd = sorted((ours.words | ours.qualifiers) - theirs.words - theirs.qualifiers)
    if odd:
        return f"BetPawa's name does not say “{' '.join(odd)}”"
    likeness = ranked.candidate.values[PLACES["wording"]]
    alike = "resembles" if likeness > LITTLE else "is unlike" if likeness < -LITTLE else "is somewhat like"
    return f"the name {alike} “{ranked.candidate.target.name}”"


def _terms(source, ranked):
    return "it is paid by other terms than BetPawa's"


def _rules(source, ranked):
    if contradicts(source.rules_text, ranked.candidate.target.coordinates):
        return "the rules pay out early, BetPawa's market does not"
    fits = ranked.candidate.values[PLACES["rules"]] > 0
    return "the rules text speaks of " + ("the same half, side and count" if fits else "another half, side or count")


def _ids(source, ranked):
    return "the key follows the pattern of mapped siblings"


def _others(source, ranked):
    near = ranked.candidate.values[PLACES["others"]] > 0
    return "another bookmaker's market mapped there " + ("has these prices" if near else "has other prices")


def _fed(source, ranked):
    told = "another key of this bookmaker is mapped there already"
    return f"{told}, and both are offered on the same events" if ranked.candidate.beside else told


_TEXTS = {
    "kind": _kind,
    "closeness": _prices,
    "period": _period,
    "subject": _side,
    "statistic": _statistic,
    "outcomes": _outcomes,
    "wording": _wording,
    "terms": _terms,
    "rules": _rules,
    "ids": _ids,
    "others": _others,
    "fed": _fed,
}
