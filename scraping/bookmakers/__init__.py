"""The bookmakers that are scraped. A fourth one is a folder and a line here (README.md)."""

from scraping.bookmakers.base import Bookmaker, Discovery, ListedEvent
from scraping.bookmakers.bet9ja.client import BET9JA
from scraping.bookmakers.betpawa.client import BETPAWA
from scraping.bookmakers.sportybet.client import SPORTYBET

REGISTRY: dict[str, Bookmaker] = {bookmaker.slug: bookmaker for bookmaker in (BETPAWA, SPORTYBET, BET9JA)}

__all__ = ["REGISTRY", "Bookmaker", "Discovery", "ListedEvent"]
