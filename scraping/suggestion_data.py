"""Fixtures for measuring suggestions: of the demo bookmakers, and of captured payloads."""

from datetime import UTC, datetime
from pathlib import Path

from mappings.evidence.samples import Fixture, sample_of
from mappings.suggestions.datasets import Dataset, register
from scraping.bookmakers import REGISTRY

MOMENT = 1_790_000_000.0  # the same events whenever it runs


def demo(*, events: int = 24, seed: int = 7) -> Dataset:
    """Events that all demo bookmakers offer, at one moment of the world of this seed."""
    from scraping.demo.content import Content
    from scraping.demo.prices import Life
    from scraping.demo.world import World

    moment = MOMENT + seed * 86_400
    world = World(seed=seed, events=events * 2)
    content = Content(world, Life())
    everywhere = [event for event in world.open_events(moment) if len(event.offered_by) == len(REGISTRY)]
    names: dict = {}
    fixtures = []
    for event in everywhere[:events]:
        answers = {slug: content.detail(slug, event.external_id(slug), moment).plain() for slug in REGISTRY}
        fixtures.append(
            _fixture(f"sr:match:{event.sportradar_id}", answers, datetime.fromtimestamp(moment, UTC), names)
        )
    return Dataset(f"demo world {seed}", fixtures, names)


def payloads(*, directory: Path) -> Dataset:
    """directory/<slug>/<event>.json: one event per file name, at as many bookmakers as have it."""
    found: dict[str, dict[str, bytes]] = {}
    for slug in REGISTRY:
        for path in sorted((Path(directory) / slug).glob("*.json")):
            found.setdefault(path.stem, {})[slug] = path.read_bytes()
    names: dict = {}
    moment = datetime.fromtimestamp(MOMENT, UTC)
    return Dataset("captured payloads", [_fixture(event, found[event], moment, names) for event in found], names)


def _fixture(event_key, answers, moment, names):
    books = {}
    for slug, payload in answers.items():
        bookmaker = REGISTRY[slug]
        scraped = bookmaker.decode_event(payload)
        books[slug] = sample_of(scraped, moment)
        keys = {market.key for market in scraped.markets if (slug, market.key) not in names}
        names.update({(slug, key): named for key, named in bookmaker.describe(payload, keys).items()})
    first = next(iter(books.values()))
    return Fixture(event_key, 0, first.home_team, first.away_team, "", "", moment, moment, books)


def register_datasets():
    register("demo", demo)
    register("payloads", payloads)
