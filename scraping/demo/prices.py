"""What a bookmaker shows of one match at one moment: which markets, at which prices, since when.

Everything follows from (seed, event, bookmaker, time) alone. News bursts change the match's strength and so
every price; between them each market is repriced at its own times. A market's price is therefore a
function of the burst and of its own repricing number.
"""

from dataclasses import dataclass

import numpy as np

from scraping.demo.board import Board, boards
from scraping.demo.hashing import mix, text_key, unit, unit_array
from scraping.demo.ladders import HOUSES, LOWEST, ladder
from scraping.demo.world import SLUGS, DemoEvent

_PAUSE_CYCLE = 1800.0
_FAIR_LIMITS = (0.04, 0.94)
_TWO_WAY_LIMITS = (0.02, 0.97)
_DEAD_PRICE_SHARE = 0.006


@dataclass
class Life:
    """How lively the world is. Rates are shares of a bookmaker's markets per minute."""

    tick_seconds: float = 5.0
    change_rate: float = 0.05
    burst_minutes: float = 90.0
    suspend_rate: float = 0.004
    suspend_seconds: float = 75.0
    withdraw_rate: float = 0.004
    withdraw_seconds: float = 240.0
    novelty_minutes: float = 4.0
    novelty_hours: float = 1.0
    novelty_share: float = 0.3
    moved_share: float = 0.0

    @property
    def reprice_seconds(self) -> float:
        """Time between two repricings of one market so that, with the bursts, change_rate comes out."""
        own = max(1e-6, self.change_rate - 1.0 / self.burst_minutes)
        return 60.0 / own * 0.9  # a repricing now and then lands on the same step of the ladder


@dataclass(slots=True)
class Snapshot:
    """One bookmaker's view of one event at one tick. All lists are by unit number of the board, or by outcome.

    offered: numbers of the units on show. suspended: by unit. rung: place on the price ladder by outcome.
    dead: outcomes that cannot be backed. changed_ms: when each unit's odds last moved.
    """

    offered: list[int]
    suspended: list[bool]
    rung: list[int]
    dead: list[bool]
    changed_ms: list[int]
    version: int
    marks: bytes


class Pricer:
    """Prices events for all bookmakers; keeps what is expensive and fixed for a while (fair chances, offers)."""

    def __init__(self, seed: int, life: Life):
        self.seed = seed
        self.life = life
        self.columns, self.boards = boards()
        self._fair: dict[tuple, np.ndarray] = {}
        self._offers: dict[tuple, np.ndarray] = {}
        self._keys = {slug: text_key(slug) for slug in SLUGS}

    def tick(self, now: float) -> float:
        return now // self.life.tick_seconds * self.life.tick_seconds

    # -- the match -------------------------------------------------------------------------------------------

    def burst(self, event: DemoEvent, now: float) -> tuple[int, float]:
        """Number and time of the last news about the match."""
        length = self.life.burst_minutes * 60.0
        number = int(now // length)
        at = (number + 0.9 * unit(event.key, 21, number)) * length
        if at > now:
            number -= 1
            at = (number + 0.9 * unit(event.key, 21, number)) * length
        return number, at

    def means(self, event: DemoEvent, slug: str, burst: int) -> dict[str, tuple[float, float]]:
        """Expected counts of home and away as this bookmaker sees them after the burst."""
        home, away, corners, cards = event.strength
        house = HOUSES[slug]

        def opinion(what: int) -> float:
            news = 0.10 * (unit(event.key, what, burst) - 0.5)
            own = 2 * house.disagreement * (unit(event.key, what, self._keys[slug]) - 0.5)
            return 1.0 + news + own

        share = 0.5 + 0.06 * (home - away)
        booked = 0.5 - 0.05 * (home - away)
        corners, cards = corners * opinion(33), cards * opinion(34)
        return {
            "goals": (home * opinion(31), away * opinion(32)),
            "corners": (corners * share, corners * (1 - share)),
            "cards": (cards * booked, cards * (1 - booked)),
        }

    def fair(self, event: DemoEvent, slug: str, burst: int) -> np.ndarray:
        """Fair chance of every outcome of the board (share of winning stake over stakes not returned)."""
        key = (event.key, slug)
        known = self._fair.get(key)
        if known is None or known[0] != burst:
            if len(self._fair) > 12_000:
                self._fair.clear()
            known = self._fair[key] = (burst, self._fair_now(event, slug, burst))
        return known[1]

    def _fair_now(self, event: DemoEvent, slug: str, burst: int) -> np.ndarray:
        board = self.boards[slug]
        chances = self.columns.price(self.means(event, slug, burst))
        fair = chances[board.column] / np.maximum(1.0 - chances[board.back], 1e-6)
        return np.clip(fair, 1e-5, 1 - 1e-5).astype(np.float32)

    # -- what is on show -------------------------------------------------------------------------------------

    def offer(self, event: DemoEvent, slug: str) -> np.ndarray:
        """Which units the bookmaker lays out for the event as long as it exists: a mask over the board."""
        key = (event.key, slug)
        known = self._offers.get(key)
        if known is None:
            if len(self._offers) > 12_000:
                self._offers.clear()
            known = self._offers[key] = self._offer(event, self.boards[slug])
        return known

    def _offer(self, event: DemoEvent, board: Board) -> np.ndarray:
        shares = board.tiers[:, event.tier - 1]
        wanted = unit_array(mix(event.key, 41, self._keys[board.slug]), board.families) < shares
        fair = self._fair_now(event, board.slug, 0)
        low = np.minimum.reduceat(fair, board.start)
        high = np.maximum.reduceat(fair, board.start)
        sensible = (low > _FAIR_LIMITS[0]) & (high < _FAIR_LIMITS[1])
        return wanted & (sensible | ~board.has_line)

    def _pausing(self, board: Board, key: int, now: float, rate: float, seconds: float) -> np.ndarray:
        """Units in one of their pauses, each at its own time in its own cycle."""
        shift = unit_array(key, board.numbers) * _PAUSE_CYCLE
        cycle = np.floor((now + shift) / _PAUSE_CYCLE)
        place = now + shift - cycle * _PAUSE_CYCLE
        chosen = unit_array(mix(key, 1), board.numbers + cycle.astype(np.int64) * 4096) < rate * _PAUSE_CYCLE / 60.0
        return chosen & (place < seconds)

    def snapshot(self, event: DemoEvent, slug: str, now: float) -> Snapshot:
        """The bookmaker's view at the last tick before now."""
        board, house, life = self.boards[slug], HOUSES[slug], self.life
        key = mix(event.key, self._keys[slug])
        seen = self.tick(now) - house.delay
        burst, burst_at = self.burst(event, seen)
        fair = self.fair(event, slug, burst)

        period = life.reprice_seconds
        shift = unit_array(mix(key, 51), board.numbers) * period
        number = np.floor((seen + shift) / period).astype(np.int64)
        changed = np.maximum(number * period - shift, burst_at) + house.delay

        noise = unit_array(mix(key, 52, burst), board.outcome_numbers + number[board.unit] * 65_536)
        chance = np.where(board.two_way, np.clip(fair, *_TWO_WAY_LIMITS), fair)
        price = (1.0 + house.jitter * (2.0 * noise - 1.0)) / (chance * (1.0 + house.margin * board.margin_factor))
        steps = ladder(slug)
        rung = np.searchsorted(steps, np.clip(price, LOWEST, house.top) + 1e-9, side="right") - 1

        shown = self.offer(event, slug) & ~self._pausing(
            board, mix(key, 53), seen, life.withdraw_rate, life.withdraw_seconds
        )
        suspended = self._pausing(board, mix(key, 54), seen, life.suspend_rate, life.suspend_seconds)
        dead = unit_array(mix(key, 55), board.outcome_numbers) < _DEAD_PRICE_SHARE
        last = changed[shown].max(initial=0.0)
        marks = b"".join((shown.tobytes(), suspended.tobytes(), rung.astype(np.int32).tobytes(), number.tobytes()))
        return Snapshot(
            offered=np.flatnonzero(shown).tolist(),
            suspended=suspended.tolist(),
            rung=rung.tolist(),
            dead=dead.tolist(),
            changed_ms=(changed * 1000).astype(np.int64).tolist(),
            version=int(number.sum() + burst) % 1_000_000 if last else 0,
            marks=marks,
        )
