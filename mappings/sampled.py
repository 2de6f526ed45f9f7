"""The markets that a queue row's sample stands for, as far as the sample goes."""

from mappings.models import UnmappedMarketLog
from mappings.shapes import ScrapedMarket, ScrapedOutcome


def sampled_markets(row: UnmappedMarketLog) -> list[ScrapedMarket]:
    """One for each specifier of the sample; prices are made up, as the sample may have none."""
    by_specifier: dict[str, list] = {}
    for outcome in row.sample_outcomes if isinstance(row.sample_outcomes, list) else []:
        if isinstance(outcome, dict) and (text := outcome.get("key") or outcome.get("text")):
            by_specifier.setdefault(str(outcome.get("specifier") or ""), []).append(ScrapedOutcome(str(text), "2"))
    return [
        ScrapedMarket(row.external_market_id, specifier, tuple(outcomes))
        for specifier, outcomes in by_specifier.items()
    ]
