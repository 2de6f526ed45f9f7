"""Reusable reads of the odds tables, chainable."""

from django.db import models
from django.db.models import OuterRef, Subquery
from django.db.models.functions import Coalesce


class MarketOddsCurrentQuerySet(models.QuerySet):
    def available(self):
        return self.filter(unavailable_at__isnull=True)

    def with_confirmed_at(self):
        """Annotate `last_confirmed_at`: when the market was last seen in a complete answer.

        A market that the last complete answer of its event held shares that answer's time, which
        is kept once per (event, bookmaker) on the link; one that was missing from it carries its
        own. None when no complete answer ever held it. One index probe a row on
        one_link_per_event_bookmaker.
        """
        from odds.models import EventLink

        link = EventLink.objects.filter(event_id=OuterRef("event_id"), bookmaker_slug=OuterRef("bookmaker_slug"))
        return self.annotate(last_confirmed_at=Coalesce("last_seen_at", Subquery(link.values("confirmed_at")[:1])))
