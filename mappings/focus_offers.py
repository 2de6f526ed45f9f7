"""What a rival itself offers under a key on kept events: focus mode shows it beside, or without, a suggestion, and
the form that maps by hand knows its texts."""

from mappings.evidence.remembered import fixtures_of
from mappings.evidence.samples import source_key
from mappings.models import PriceFixture
from mappings.outcome_order import in_order
from mappings.outcome_text import TeamTemplate
from mappings.pairing import sample_texts
from mappings.suggestions.observations import label_of

MARKETS = 2  # of one event: lines of the same market
FIXTURES = 3  # kept events whose texts are read


def own_prices(row, views) -> list[dict]:
    """Per event the first lines of the row's market as its bookmaker prices them; events without it are left out."""
    found = []
    for view in views:
        markets = _markets(row, view.fixture)[:MARKETS]
        rows = [
            {"line": market.specifier, "outcome": str(outcome.text), "text": str(outcome.text), "rival": outcome.price}
            for market in markets
            for outcome in market.outcomes
            if outcome.is_active
        ]
        if rows:
            fixture = view.fixture
            event = {"home": fixture.home_team, "away": fixture.away_team, "sampledAt": fixture.sampled_at.isoformat()}
            found.append({"eventKey": fixture.event_key, **event, "rows": rows})
    return found


def all_outcomes(row, views) -> dict[str, str]:
    """{text as it is compared: the bookmaker's own} of everything the queue's sample, which is bounded, and
    the kept event that offers most name."""
    return _all_outcomes(row, [view.fixture for view in views])


def all_texts(rows) -> dict[int, list[tuple[str, str, str]]]:
    """{row id: as pairing.sample_texts} of the same outcomes, in the order that people expect. Two queries,
    and one more for each row."""
    chosen = {row.pk: _kept(row) for row in rows}
    pks = list(dict.fromkeys(pk for found in chosen.values() for pk in found))
    fixtures = fixtures_of(pks) if pks else []
    return {row.pk: _texts(row, fixtures) for row in rows}


def _kept(row):
    rows = PriceFixture.objects.filter(keys__contains=[source_key(row.source, row.external_market_id)])
    return list(rows.order_by("-sampled_at", "-id").values_list("pk", flat=True)[:FIXTURES])


def _texts(row, fixtures):
    """A text with a team's name or a line in it is taken as mappings hold it, without them."""
    texts = sample_texts(row.sample_outcomes)
    known = {label_of(row.source, own) for own, _, _ in texts}
    for compared, text in _all_outcomes(row, fixtures).items():
        if compared not in known:
            own = text if label_of(row.source, text) == compared else compared
            texts.append((own, own, ""))
    return in_order(texts, text=lambda one: one[1], line=lambda one: "")


def _all_outcomes(row, fixtures):
    named = {label_of(row.source, text): label for text, label, _ in sample_texts(row.sample_outcomes)}
    offered = [_labels(row, fixture) for fixture in fixtures]
    return named | {key: text for key, text in max(offered, key=len, default={}).items() if key not in named}


def unpaired(outcomes: dict[str, str], source: str, pairing) -> list[str]:
    """The bookmaker's outcomes that no pair names."""
    paired = {label_of(source, pair["text"]) for pair in pairing if pair.get("text")}
    return [text for key, text in outcomes.items() if key not in paired]


def _markets(row, fixture):
    book = fixture.books.get(row.source)
    return [market for market in (book.markets if book else ()) if market.key == row.external_market_id]


def _labels(row, fixture):
    teams = TeamTemplate(fixture.home_team, fixture.away_team)
    found = {}
    for market in _markets(row, fixture):
        for outcome in market.outcomes:
            text = " ".join(str(outcome.text).split())
            templated = teams.apply(text.casefold())
            own = templated if templated != text.casefold() else text
            found.setdefault(label_of(row.source, own, market.specifier), text)
    return found
