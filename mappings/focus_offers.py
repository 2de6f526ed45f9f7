"""What a rival itself offers under a key on kept events: focus mode shows it beside, or without, a suggestion."""

from mappings.outcome_text import TeamTemplate
from mappings.pairing import sample_texts
from mappings.suggestions.observations import label_of

MARKETS = 2  # of one event: lines of the same market


def own_prices(row, views) -> list[dict]:
    """Per event the first lines of the row's market as its bookmaker prices them; events without it are left out."""
    found = []
    for view in views:
        markets = _markets(row, view)[:MARKETS]
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
    named = {label_of(row.source, text): label for text, label, _ in sample_texts(row.sample_outcomes)}
    offered = [_labels(row, view) for view in views]
    return named | {key: text for key, text in max(offered, key=len, default={}).items() if key not in named}


def unpaired(outcomes: dict[str, str], source: str, pairing) -> list[str]:
    """The bookmaker's outcomes that no pair names."""
    paired = {label_of(source, pair["text"]) for pair in pairing if pair.get("text")}
    return [text for key, text in outcomes.items() if key not in paired]


def _markets(row, view):
    book = view.fixture.books.get(row.source)
    return [market for market in (book.markets if book else ()) if market.key == row.external_market_id]


def _labels(row, view):
    teams = TeamTemplate(view.fixture.home_team, view.fixture.away_team)
    found = {}
    for market in _markets(row, view):
        for outcome in market.outcomes:
            text = " ".join(str(outcome.text).split())
            templated = teams.apply(text.casefold())
            own = templated if templated != text.casefold() else text
            found.setdefault(label_of(row.source, own, market.specifier), text)
    return found
