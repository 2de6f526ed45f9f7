"""What can be listened to, and for how long it is kept for those who were away."""

from dataclasses import dataclass
from datetime import timedelta

UNMAPPED_ALERTS = "unmapped_alerts"
SCRAPE_PROGRESS = "scrape_progress"
ODDS_UPDATES = "odds_updates"


@dataclass(frozen=True, slots=True)
class Topic:
    """name: as browsers write it. keep: how long its notices stay readable."""

    name: str
    keep: timedelta

    @property
    def group(self):
        """The name of its group in the channel layer."""
        return f"topic.{self.name}"


TOPICS = {
    topic.name: topic
    for topic in (
        Topic(UNMAPPED_ALERTS, keep=timedelta(days=30)),
        Topic(SCRAPE_PROGRESS, keep=timedelta(days=1)),
        Topic(ODDS_UPDATES, keep=timedelta(days=1)),
    )
}
