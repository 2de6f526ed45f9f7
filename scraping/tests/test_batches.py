"""What a batch concludes from an answer."""

from datetime import UTC, datetime

import pytest

from mappings.shapes import ScrapedEvent
from scraping.batches import absence_means_absence
from scraping.bookmakers.decoding import Dropped


def answer(*dropped, complete=True):
    return ScrapedEvent(
        "bet9ja", "1", "100", "A", "B", datetime(2030, 1, 1, tzinfo=UTC), "", "", dropped=dropped, complete=complete
    )


@pytest.mark.parametrize(
    ("scraped", "believed"),
    [
        (answer(), True),
        (answer(complete=False), False),
        (answer(Dropped("S_OU@2.5_O", "INVALID_ODDS", "")), False),
        (answer(Dropped("S_FOO", "INVALID_KEY_FORMAT", "")), True),
    ],
)
def test_absence_is_believed_only_when_nothing_unreadable_may_have_been_the_market(scraped, believed):
    assert absence_means_absence(scraped) is believed
