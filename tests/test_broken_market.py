"""One market that a bookmaker sends broken for good: it keeps its last prices, and what the bookmaker
takes off the offer around it is withdrawn all the same."""

import pytest

from mappings.cache import mapping_cache
from odds.models import EventLink, MarketOddsCurrent
from odds.storage.checks import run_checks
from scraping.models import SetAsideItem

from .desk import cycle

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

BOTH_SCORE = {"betpawa": "3795", "sportybet": "29", "bet9ja": "S_GGNG"}


@pytest.mark.parametrize("slug", list(BOTH_SCORE))
def test_a_market_that_stays_broken_does_not_keep_its_siblings_on_offer(demo, slug):
    demo.freeze()
    cycle()
    rows = MarketOddsCurrent.objects.filter(bookmaker_slug=slug)
    event_ids = rows.filter(betpawa_market_id=BOTH_SCORE["betpawa"]).values("event_id")
    link = EventLink.objects.filter(bookmaker_slug=slug, event_id__in=event_ids).earliest("event__kickoff_at", "pk")
    demo.hide(slug, event=link.external_id, key=BOTH_SCORE[slug])
    demo.fault(slug, "missing_field", path="detail", event=link.external_id, share=0.0001)
    for _ in range(2):
        run = cycle()
    assert SetAsideItem.objects.filter(run=run, bookmaker_slug=slug, external_id=link.external_id).exists()
    gone = rows.filter(event_id=link.event_id, unavailable_at__isnull=False)
    assert set(gone.values_list("betpawa_market_id", flat=True)) == {BOTH_SCORE["betpawa"]}
    assert run_checks() == []


def test_rows_say_by_which_mappings_they_were_read(demo):
    cycle()
    assert set(MarketOddsCurrent.objects.values_list("mapping_version", flat=True)) == {mapping_cache.version}
