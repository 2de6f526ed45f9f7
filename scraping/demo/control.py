"""What can be set and read while the server runs: GET and POST /control, JSON in and out."""

from dataclasses import asdict, fields

from scraping.demo import faults, novelties
from scraping.demo.clock import DemoClock
from scraping.demo.content import Content
from scraping.demo.prices import Life
from scraping.demo.stats import Stats
from scraping.demo.world import SLUGS


class BadControl(ValueError):
    """A setting that cannot be applied; nothing of its request was."""


class Control:
    """The settings of a running server. latency: mean milliseconds; limits: requests at once before refusals."""

    def __init__(self, clock: DemoClock, content: Content | None, rules: faults.Faults, stats: Stats):
        self.clock = clock
        self.content = content
        self.faults = rules
        self.stats = stats
        self.latency = dict.fromkeys(SLUGS, 2.0)
        self.jitter = 0.4
        self.limits: dict[str, int | None] = dict.fromkeys(SLUGS)

    def state(self) -> dict:
        content = self.content
        return {
            "clock": {"now": self.clock.now(), "speed": self.clock.speed},
            "latency": self.latency,
            "jitter": self.jitter,
            "limits": self.limits,
            "life": asdict(content.life) if content else None,
            "world": {"seed": content.world.seed, "events": content.world.size} if content else None,
            "hidden": content.hidden if content else [],
            "faults": [rule.as_dict() for rule in self.faults.rules],
            "stats": self.stats.as_dict(),
        }

    def change(self, wanted: dict) -> dict:
        """Applies all of it or, with BadControl, none."""
        if not isinstance(wanted, dict):
            raise BadControl("an object is wanted")
        actions = []
        for name, value in wanted.items():
            prepare = getattr(self, f"_prepare_{name}", None)
            if prepare is None:
                raise BadControl(f"unknown setting {name!r}")
            try:
                actions.append(prepare(value))
            except (TypeError, ValueError, KeyError, AttributeError) as error:
                raise BadControl(f"{name}: {error}") from error
        for action in actions:
            action()
        return self.state()

    # Each _prepare_ checks its value and returns what to do, so that a bad request changes nothing.

    def _prepare_clock(self, value: dict):
        unknown = set(value) - {"freeze", "at", "advance_seconds", "speed"}
        if unknown:
            raise ValueError(f"unknown {sorted(unknown)}")
        speed = value.get("speed")
        if "freeze" in value:
            speed = 0.0 if value["freeze"] else 1.0
        at = None if value.get("at") is None else float(value["at"])
        advance = float(value.get("advance_seconds", 0.0))
        speed = None if speed is None else float(speed)
        return lambda: self.clock.set(at=at, advance_seconds=advance, speed=speed)

    def _prepare_latency(self, value: dict):
        checked = {self._slug(slug): max(0.0, float(number)) for slug, number in value.items()}
        return lambda: self.latency.update(checked)

    def _prepare_jitter(self, value: float):
        checked = min(1.0, max(0.0, float(value)))
        return lambda: setattr(self, "jitter", checked)

    def _prepare_limits(self, value: dict):
        checked = {self._slug(slug): None if number is None else max(1, int(number)) for slug, number in value.items()}
        return lambda: self.limits.update(checked)

    def _prepare_life(self, value: dict):
        life = self._world().life
        known = {field.name for field in fields(Life)}
        if set(value) - known:
            raise ValueError(f"unknown {sorted(set(value) - known)}; known: {sorted(known)}")
        checked = {name: float(number) for name, number in value.items()}
        if checked.get("tick_seconds", 1.0) <= 0 or checked.get("burst_minutes", 1.0) <= 0:
            raise ValueError("tick_seconds and burst_minutes are above 0")
        return lambda: [setattr(life, name, number) for name, number in checked.items()]

    def _prepare_faults(self, value: list):
        rules = [faults.parse(rule) for rule in value]
        return lambda: setattr(self.faults, "rules", rules)

    def _prepare_add_faults(self, value: list):
        rules = [faults.parse(rule) for rule in value]
        return lambda: self.faults.rules.extend(rules)

    def _prepare_hidden(self, value: list):
        content = self._world()
        for rule in value:
            self._slug(rule["bookmaker"])
            if "event" not in rule and "key" not in rule:
                raise ValueError("event, key or both are wanted")
            if "lists" in rule and (rule["lists"] is not True or "event" not in rule or "key" in rule):
                raise ValueError("lists is true, and goes with an event alone")
        return lambda: setattr(content, "hidden", [dict(rule) for rule in value])

    def _prepare_new_market(self, value: dict):
        content = self._world()
        slug = self._slug(value.get("bookmaker", "sportybet"))
        number = int(value.get("number", 9_000_000 + len(content.forced)))
        new = novelties.make(slug, str(value.get("name", "Demo Special")), number, float(value.get("share", 1.0)))
        return lambda: content.forced.append(new)

    def _prepare_stats(self, value: str):
        if value != "reset":
            raise ValueError('only "reset" is known')
        return self.stats.reset

    def _slug(self, slug: str) -> str:
        if slug not in SLUGS:
            raise ValueError(f"unknown bookmaker {slug!r}")
        return slug

    def _world(self) -> Content:
        if self.content is None:
            raise ValueError("a replay of payloads has no world to change")
        return self.content
