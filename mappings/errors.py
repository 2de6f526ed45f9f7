"""Why a source market did not become a stored market."""

from decimal import Decimal

import msgspec

from mappings.shapes import MappedMarket, ScrapedMarket


class MappingErrorCode:
    """The codes, as text: they are stored, filtered by and shown."""

    UNKNOWN_MARKET = "UNKNOWN_MARKET"
    UNSUPPORTED_PLATFORM = "UNSUPPORTED_PLATFORM"
    UNKNOWN_PARAM_MARKET = "UNKNOWN_PARAM_MARKET"
    NO_MATCHING_OUTCOMES = "NO_MATCHING_OUTCOMES"
    PARTIAL_OUTCOMES = "PARTIAL_OUTCOMES"
    INVALID_SPECIFIER = "INVALID_SPECIFIER"
    INVALID_ODDS = "INVALID_ODDS"
    INVALID_KEY_FORMAT = "INVALID_KEY_FORMAT"


ALL_CODES = tuple(value for name, value in vars(MappingErrorCode).items() if name.isupper())


class MappingError(msgspec.Struct, frozen=True):
    """A record, not an exception: a market that fails is an ordinary result.

    market: the source market, whole. detail: one line for people.
    recognised: with UNSUPPORTED_PLATFORM, the markets as mapped; BetPawa has no counterpart.
    claimed: with INVALID_ODDS, the (betpawa_market_id, line) that it would have been: such a
    market was there, it is not missing.
    """

    code: str
    market: ScrapedMarket
    detail: str
    recognised: tuple[MappedMarket, ...] = ()
    claimed: tuple[tuple[str, Decimal | None], ...] = ()
