"""What the server has seen: requests, how many at once, refusals, faults that hit."""

import time
from collections import Counter


class Stats:
    """Counts by bookmaker and kind of path. Times are seconds since 1970 on the real clock."""

    def __init__(self):
        self.in_flight: Counter = Counter()
        self.reset()

    def reset(self) -> None:
        self.requests: Counter = Counter()
        self.statuses: Counter = Counter()
        self.refused: Counter = Counter()
        self.fault_hits: Counter = Counter()
        self.most_at_once = Counter({slug: number for slug, number in self.in_flight.items() if number})
        self.last_request_at: dict[str, float] = {}
        self.bytes_sent: Counter = Counter()
        self.making_seconds: Counter = Counter()

    def began(self, slug: str) -> int:
        """Requests of this bookmaker in flight, this one included."""
        self.in_flight[slug] += 1
        self.most_at_once[slug] = max(self.most_at_once[slug], self.in_flight[slug])
        return self.in_flight[slug]

    def ended(self, slug: str) -> None:
        self.in_flight[slug] -= 1

    def seen(self, slug: str, kind: str) -> None:
        self.requests[slug, kind] += 1
        self.last_request_at[f"{slug}/{kind}"] = time.time()

    def as_dict(self) -> dict:
        return {
            "requests": _nested(self.requests),
            "statuses": _nested(self.statuses),
            "refused": dict(self.refused),
            "fault_hits": _nested(self.fault_hits),
            "in_flight": {slug: number for slug, number in self.in_flight.items() if number},
            "max_concurrency": dict(self.most_at_once),
            "last_request_at": self.last_request_at,
            "bytes_sent": dict(self.bytes_sent),
            "making_seconds": _nested(self.making_seconds),
        }


def _nested(counts: Counter) -> dict:
    found: dict[str, dict] = {}
    for (slug, name), number in counts.items():
        found.setdefault(slug, {})[str(name)] = number
    return found
