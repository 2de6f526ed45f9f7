"""The world's answers: what each site serves at a moment, rendered once per state."""

from scraping.demo import novelties
from scraping.demo.answers import Answer, AnswerStore, KnownTail, gzipped
from scraping.demo.moved import on_show
from scraping.demo.novelties import Novelty
from scraping.demo.prices import Life, Pricer, Snapshot
from scraping.demo.render_bet9ja import Bet9jaRenderer, group_id
from scraping.demo.render_betpawa import BetpawaRenderer
from scraping.demo.render_sportybet import SportybetRenderer, tournament_id
from scraping.demo.world import DemoEvent, World


class Content:
    """Serves a World. `hidden` and `forced` are what a test takes away or adds by hand."""

    def __init__(self, world: World, life: Life):
        self.world = world
        self.life = life
        self.pricer = Pricer(world.seed, life)
        renderers = (BetpawaRenderer, SportybetRenderer, Bet9jaRenderer)
        self.renderers = {renderer.slug: renderer(self.pricer.boards[renderer.slug]) for renderer in renderers}
        self.hidden: list[dict] = []
        self.forced: list[Novelty] = []
        self._store = AnswerStore()
        self._tail = KnownTail(self.renderers["bet9ja"].tail)

    def warm_up(self, now: float) -> None:
        """Prepares fragments and prices, so that the first answers are as quick as the later ones."""
        for slug in self.renderers:
            for event in self._offered(slug, now)[:3]:
                self.detail(slug, event.external_id(slug), now)

    # -- what is on show -------------------------------------------------------------------------------------

    def _offered(self, slug: str, now: float) -> list[DemoEvent]:
        events = self.world.offered(slug, self.pricer.tick(now))
        gone = {rule["event"] for rule in self.hidden if rule.get("bookmaker") == slug and "key" not in rule}
        return [event for event in events if event.external_id(slug) not in gone] if gone else events

    def snapshot(self, event: DemoEvent, slug: str, now: float) -> Snapshot:
        snapshot = self.pricer.snapshot(event, slug, now)
        board = self.pricer.boards[slug]
        snapshot.offered = on_show(event, board, snapshot.offered, self.life.moved_share)
        keys = {
            rule["key"]
            for rule in self.hidden
            if rule.get("bookmaker") == slug
            and "key" in rule
            and rule.get("event", event.external_id(slug)) == event.external_id(slug)
        }
        if keys:
            snapshot.offered = [number for number in snapshot.offered if board.units[number].key not in keys]
        return snapshot

    def new_markets(self, event: DemoEvent, slug: str, now: float) -> list[Novelty]:
        scheduled = novelties.current(self.world.seed, self.life, self.pricer.tick(now))
        return [new for new in (*scheduled, *self.forced) if new.slug == slug and new.on(event)]

    # -- answers ---------------------------------------------------------------------------------------------

    def named(self, slug: str, name: str, now: float) -> Answer:
        """The tree or the sports of a bookmaker."""
        tick = (self.pricer.tick(now), str(self.hidden))
        known = self._store.get((slug, name), tick)
        if known is None:
            body = getattr(self.renderers[slug], name)(self._offered(slug, now))
            known = self._store.put((slug, name), tick, Answer(200, body, kind="tree", packed=gzipped(body)))
        return known

    def detail(self, slug: str, event_id: str, now: float) -> Answer | None:
        """The event's answer; None when the bookmaker has no such event (any more)."""
        tick = self.pricer.tick(now)
        event = self.world.find(slug, event_id, tick)
        if event is None or any(
            rule.get("bookmaker") == slug and rule.get("event") == event_id and not rule.keys() & {"key", "lists"}
            for rule in self.hidden
        ):
            return None
        snapshot = self.snapshot(event, slug, now)
        added = tuple(self.new_markets(event, slug, now))
        taken = (len(snapshot.offered), self.life.moved_share, str(self.hidden))
        state = (snapshot.marks, taken, event.kickoff_at(tick), added, tick // 1200)
        known = self._store.get((slug, event_id), state)
        if known is not None:
            return known
        renderer = self.renderers[slug]
        if slug == "bet9ja":
            lead = renderer.lead(event, snapshot, tick, added)
            answer = Answer(200, b"", kind="detail", event_id=event_id, packed=self._tail.joined(lead))
        else:
            body = renderer.detail(event, snapshot, tick, added)
            answer = Answer(200, b"", kind="detail", event_id=event_id, packed=gzipped(body))
        return self._store.put((slug, event_id), state, answer)

    def betpawa_page(self, now: float, skip: int, take: int, competitions: set[int] | None) -> Answer:
        tick = self.pricer.tick(now)
        events = [
            event
            for event in self._offered("betpawa", now)
            if competitions is None or event.tournament.number in competitions
        ]
        return Answer(200, self.renderers["betpawa"].page(events, tick, skip, take), kind="list")

    def sportybet_tournaments(self, now: float, wanted: list[str]) -> Answer:
        events = [e for e in self._offered("sportybet", now) if tournament_id(e.tournament.number) in wanted]
        events.sort(key=lambda event: wanted.index(tournament_id(event.tournament.number)))
        snapshots = [self.snapshot(event, "sportybet", now) for event in events]
        body = self.renderers["sportybet"].tournaments(events, snapshots, self.pricer.tick(now))
        return Answer(200, body, kind="list")

    def bet9ja_group(self, now: float, wanted: int) -> Answer:
        events = [e for e in self._offered("bet9ja", now) if group_id(e.tournament.number) == wanted]
        snapshots = [self.snapshot(event, "bet9ja", now) for event in events]
        return Answer(200, self.renderers["bet9ja"].group(events, snapshots, self.pricer.tick(now)), kind="list")
