"""Pieces of payloads that could not be used."""

import pytest

from scraping.models import SetAsideItem
from scraping.set_aside import MAX_ITEMS_PER_KIND, Piece, record_set_aside

pytestmark = pytest.mark.django_db


def pieces(slug, reason, count):
    return [Piece(slug, None, f"{number:05}", "1", reason, "why") for number in range(count)]


def test_a_feed_that_is_broken_throughout_leaves_room_for_the_faults_of_others():
    broken = pieces("bet9ja", "DROPPED", 10 * MAX_ITEMS_PER_KIND)
    record_set_aside(None, broken + pieces("bet9ja", "INVALID_ODDS", 1) + pieces("sportybet", "DROPPED", 2))
    kinds = SetAsideItem.objects.values_list("bookmaker_slug", "reason")
    assert kinds.filter(bookmaker_slug="bet9ja", reason="DROPPED").count() == MAX_ITEMS_PER_KIND
    assert set(kinds) == {("bet9ja", "DROPPED"), ("bet9ja", "INVALID_ODDS"), ("sportybet", "DROPPED")}
