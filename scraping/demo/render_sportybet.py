"""SportyBet's answers: tree, tournament lists, event detail (one entry per id and specifier)."""

from collections import Counter
from functools import cached_property

from scraping.demo.board import Board, Unit, names
from scraping.demo.hashing import text_key
from scraping.demo.ladders import ladder, texts
from scraping.demo.novelties import Novelty
from scraping.demo.places import tournaments
from scraping.demo.prices import Snapshot
from scraping.demo.rules import rules_text
from scraping.demo.templates import dumps, fragment, personal, team_tokens
from scraping.demo.world import DemoEvent

SPORT = "sr:sport:1"
_LIST_MARKETS = {"1", "18", "10", "29", "11", "26", "36", "14"}


def envelope(data) -> bytes:
    return b'{"bizCode":10000,"message":"0#0","data":' + (data if isinstance(data, bytes) else dumps(data)) + b"}"


def refusal(code: int, message: str) -> bytes:
    return dumps({"bizCode": code, "message": message, "data": None})


def tournament_id(number: int) -> str:
    return f"sr:tournament:{100 + number * 3}"


class SportybetRenderer:
    """Renders from one fragment per market entry."""

    slug = "sportybet"

    def __init__(self, board: Board):
        self.board = board
        self._odds = [
            f'"odds":"{text}","probability":"{0.95 / price:.10f}","voidProbability":"0E-10","isActive":1'.encode()
            for text, price in zip(texts(self.slug), ladder(self.slug), strict=True)
        ]
        self._stale = [text.replace(b'"isActive":1', b'"isActive":0') for text in self._odds]

    @cached_property
    def _entries(self) -> list[bytes]:
        return [self._entry(unit) for unit in self.board.units]

    def _entry(self, unit: Unit) -> bytes:
        short = unit.market.get("short") or self._short(unit.key)
        genius = text_key(unit.key) % 3 == 0
        head = {"id": unit.key, "product": 3, "desc": team_tokens(unit.name)}
        if unit.specifier:
            head["specifier"] = unit.specifier
        tail = {
            "group": unit.group,
            "groupId": f"1711211357{text_key(unit.group) % 100_000:05d}",
            "marketGuide": rules_text(short, unit.market if "subject" in unit.market else None),
            "title": "",
            "name": short,
            "favourite": 0,
        }
        outcomes = [
            b'{"id":'
            + fragment(self._outcome_id(unit, place))
            + b",%b,"
            + fragment({"desc": team_tokens(outcome.text)})[1:]
            for place, outcome in enumerate(unit.outcomes)
        ]
        end = {"farNearOdds": 0, "sourceType": "BET_GENIUS" if genius else "BET_RADAR"}
        return (
            fragment(head)[:-1]
            + b',"status":%d,'
            + fragment(tail)[1:-1]
            + b',"outcomes":['
            + b",".join(outcomes)
            + b"],"
            + fragment(end)[1:-1]
            + b',"lastOddsChangeTime":%d,"banned":false}'
        )

    @staticmethod
    def _short(key: str) -> str:
        return names()["sportybet"][key][1] if key in names()["sportybet"] else ""

    @staticmethod
    def _outcome_id(unit: Unit, place: int) -> str:
        if unit.specifier.startswith("variant="):
            return f"{unit.specifier[8:]}:{text_key(unit.key) % 900 + place}"
        return str(text_key(unit.key) % 1500 + place)

    def detail(self, event: DemoEvent, snapshot: Snapshot, now: float, added: tuple = ()) -> bytes:
        """The event with everything on show; added: new market types (novelties) on top."""
        entries = self._filled(snapshot, snapshot.offered)
        entries += [dumps(_novel(new, event, int(now // 60))) for new in added]
        head = dumps(self._head(event, now))[:-1]
        body = head + b',"markets":[' + b",".join(entries) + b"]}"
        return envelope(personal(body, event, self.slug, event.external_id(self.slug)))

    def _filled(self, snapshot: Snapshot, numbers: list[int]) -> list[bytes]:
        bounds, odds, stale, entries = self.board.bounds, self._odds, self._stale, self._entries
        rung, dead, suspended, changed = snapshot.rung, snapshot.dead, snapshot.suspended, snapshot.changed_ms
        filled = []
        for number in numbers:
            start, end = bounds[number]
            prices = [stale[rung[i]] if dead[i] else odds[rung[i]] for i in range(start, end)]
            filled.append(entries[number] % (1 if suspended[number] else 0, *prices, changed[number]))
        return filled

    def _head(self, event: DemoEvent, now: float) -> dict:
        home, away = event.teams(self.slug)
        tournament = event.tournament
        source = {"sourceType": "BET_RADAR", "sourceId": str(event.sportradar_id)}
        return {
            "eventId": f"sr:match:{event.sportradar_id}",
            "gameId": str(10_000 + event.number % 40_000),
            "productStatus": "0#0",
            "estimateStartTime": int(event.kickoff_at(now) * 1000),
            "status": 0,
            "matchStatus": "Not start",
            "homeTeamId": f"sr:competitor:{text_key(home) % 900_000}",
            "homeTeamName": home,
            "awayTeamName": away,
            "awayTeamId": f"sr:competitor:{text_key(away) % 900_000}",
            "sport": {
                "id": SPORT,
                "name": "Football",
                "category": {
                    "id": f"sr:category:{tournament.country_number}",
                    "name": tournament.country,
                    "tournament": {"id": tournament_id(tournament.number), "name": tournament.name},
                },
            },
            "liveChannel": False,
            "webViewLiveChannel": False,
            "socialMediaLiveChannel": False,
            "bookingStatus": "Booked",
            "topTeam": False,
            "commentsNum": 0,
            "topicId": 40_000_000 + event.number % 9_000_000,
            "giftGrabActivityResultVO": {"activityEnabled": False, "enabled": False},
            "ai": False,
            "bgEvent": False,
            "matchTrackerNotAllowed": False,
            "eventSource": {"preMatchSource": source, "liveSource": source},
            "containsPcbb": False,
            "banned": False,
        }

    def tree(self, events: list[DemoEvent]) -> bytes:
        counts = Counter(event.tournament.number for event in events)
        categories: dict[str, dict] = {}
        for tournament in tournaments():
            size = counts[tournament.number]
            if size:
                category = categories.setdefault(
                    tournament.country,
                    {
                        "id": f"sr:category:{tournament.country_number}",
                        "name": tournament.country,
                        "eventSize": 0,
                        "tournaments": [],
                    },
                )
                category["eventSize"] += size
                category["tournaments"].append(
                    {"id": tournament_id(tournament.number), "name": tournament.name, "eventSize": size}
                )
        football = {"id": SPORT, "name": "Football", "eventSize": len(events), "categories": list(categories.values())}
        basketball = {"id": "sr:sport:2", "name": "Basketball", "eventSize": 0, "categories": []}
        return envelope({"sportList": [football, basketball]})

    def tournaments(self, events: list[DemoEvent], snapshots: list[Snapshot], now: float) -> bytes:
        """Events in the order of their tournaments, with their main markets. No events: an empty list."""
        groups: dict[int, tuple[dict, list[bytes]]] = {}
        for event, snapshot in zip(events, snapshots, strict=True):
            tournament = event.tournament
            head = {
                "id": tournament_id(tournament.number),
                "name": tournament.name,
                "categoryId": f"sr:category:{tournament.country_number}",
                "categoryName": tournament.country,
            }
            main = [n for n in snapshot.offered if self.board.units[n].key in _LIST_MARKETS][:8]
            own = {name: value for name, value in self._head(event, now).items() if name != "sport"}
            body = dumps(own)[:-1] + b',"markets":[' + b",".join(self._filled(snapshot, main)) + b"]}"
            parts = groups.setdefault(tournament.number, (head, []))[1]
            parts.append(personal(body, event, self.slug, event.external_id(self.slug)))
        found = [dumps(head)[:-1] + b',"events":[' + b",".join(parts) + b"]}" for head, parts in groups.values()]
        return envelope(b"[" + b",".join(found) + b"]")


def _novel(new: Novelty, event: DemoEvent, minute: int) -> dict:
    outcomes = [
        {"id": str(74 + 2 * place), "odds": new.price(event, place, minute), "isActive": 1, "desc": text}
        for place, (text, _) in enumerate(new.outcomes)
    ]
    return {
        "id": new.key,
        "product": 3,
        "desc": new.name,
        "status": 0,
        "group": "Main",
        "marketGuide": rules_text(new.name),
        "name": new.name,
        "outcomes": outcomes,
        "banned": False,
    }
