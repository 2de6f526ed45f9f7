"""Questions that the lists of events and odds are asked."""

from datetime import timedelta

from django.utils import timezone
from unfold.contrib.filters.admin import DropdownFilter, RadioFilter
from unfold.contrib.filters.forms import HorizontalRadioForm

from odds.models import Bookmaker, Event, EventLink, Tournament

TODAY_HOURS = 24


class KickoffFilter(RadioFilter):
    """Upcoming unless asked otherwise: what has kicked off is no longer priced."""

    title = "kick-off"
    parameter_name = "kickoff"
    form_class = HorizontalRadioForm
    all_option = None
    to_event = ""  # the path from the list's rows to their event

    def lookups(self, request, model_admin):
        return [
            ("upcoming", "Upcoming"),
            ("soon", "Next 3 hours"),
            ("today", "Today"),
            ("started", "Started"),
            ("all", "All"),
        ]

    def value(self):
        asked = super().value()
        return asked if asked in {key for key, _ in self.lookup_choices} else "upcoming"

    def queryset(self, request, queryset):
        now = timezone.now()
        midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
        windows = {
            "upcoming": {"kickoff_at__gt": now},
            "soon": {"kickoff_at__gt": now, "kickoff_at__lte": now + timedelta(hours=3)},
            "today": {"kickoff_at__gte": midnight, "kickoff_at__lt": midnight + timedelta(hours=TODAY_HOURS)},
            "started": {"kickoff_at__lte": now},
            "all": {},
        }
        return queryset.filter(**{self.to_event + name: at for name, at in windows[self.value()].items()})


class OddsKickoffFilter(KickoffFilter):
    """The same for rows of odds; whoever names an event means it even when it is over."""

    to_event = "event__"
    NEWEST_FIRST = ("started", "all")  # so that what is coming comes before what is over

    def __init__(self, request, *args):
        self.is_event_named = "event__id__exact" in request.GET or bool(named_events(request))
        super().__init__(request, *args)

    def value(self):
        return "all" if self.is_event_named and self.parameter_name not in self.used_parameters else super().value()


def named_events(request):
    """Ids of the events whose SportRadar id is the search text. One query on its unique index, once."""
    if not hasattr(request, "_named_events"):
        asked = request.GET.get("q", "").strip()
        found = Event.objects.filter(sportradar_id=asked) if asked else Event.objects.none()
        request._named_events = list(found.order_by().values_list("pk", flat=True))
    return request._named_events


class BookmakerFilter(DropdownFilter):
    title = "bookmaker"
    parameter_name = "bookmaker"

    def lookups(self, request, model_admin):
        return list(Bookmaker.objects.values_list("slug", "name"))


class OfferedByFilter(BookmakerFilter):
    """Events that a bookmaker lists now."""

    def queryset(self, request, queryset):
        if not self.value():
            return queryset
        offered = EventLink.objects.filter(bookmaker_slug=self.value(), withdrawn_at=None)
        return queryset.filter(pk__in=offered.values("event"))


class CountryFilter(DropdownFilter):
    title = "country"
    parameter_name = "country"

    def lookups(self, request, model_admin):
        names = Tournament.objects.exclude(country="").order_by("country").values_list("country", flat=True).distinct()
        return [(name, name) for name in names]

    def queryset(self, request, queryset):
        return queryset.filter(tournament__country=self.value()) if self.value() else queryset


class SlugFilter(BookmakerFilter):
    """The bookmaker column of an odds table."""

    def queryset(self, request, queryset):
        return queryset.filter(bookmaker_slug=self.value()) if self.value() else queryset


class OfferedFilter(RadioFilter):
    title = "on offer"
    parameter_name = "offered"
    form_class = HorizontalRadioForm

    def lookups(self, request, model_admin):
        return [("yes", "On offer"), ("no", "Withdrawn")]

    def queryset(self, request, queryset):
        if self.value() in ("yes", "no"):
            return queryset.filter(unavailable_at__isnull=self.value() == "yes")
        return queryset
