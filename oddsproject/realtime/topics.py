"""What can be listened to, and for how long it is kept for those who were away."""

from dataclasses import dataclass
from datetime import timedelta

UNMAPPED_ALERTS = "unmapped_alerts"
SCRAPE_PROGRESS = "scrape_progress"
ODDS_UPDATES = "odds_updates"


@dataclass(frozen=True, slots=True)
class Topic:
    """name: as browsers write it. keep: how long its notices stay readable. catch_up: how many of
    them are handed to someone who was away; beyond that they are told to read the API."""

    name: str
    keep: timedelta
    catch_up: int

    @property
    def group(self):
        """The name of its group in the channel layer."""
        return f"topic.{self.name}"


TOPICS = {
    topic.name: topic
    for topic in (
        Topic(UNMAPPED_ALERTS, keep=timedelta(days=30), catch_up=1000),
        Topic(SCRAPE_PROGRESS, keep=timedelta(days=1), catch_up=200),
        Topic(ODDS_UPDATES, keep=timedelta(days=1), catch_up=200),
    )
}
