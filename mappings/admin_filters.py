"""Questions that the queue of unmapped markets is asked."""

from django.contrib.admin import ChoicesFieldListFilter
from unfold.contrib.filters.admin import ChoicesRadioFilter, DropdownFilter
from unfold.contrib.filters.forms import HorizontalRadioForm

from mappings.errors import ALL_CODES
from oddsproject.desk.bookmakers import bookmaker_names


class StatusFilter(ChoicesRadioFilter, ChoicesFieldListFilter):
    form_class = HorizontalRadioForm


class SourceFilter(DropdownFilter):
    title = "bookmaker"
    parameter_name = "source"

    def lookups(self, request, model_admin):
        return list(bookmaker_names().items())

    def queryset(self, request, queryset):
        return queryset.filter(source=self.value()) if self.value() else queryset


class ErrorCodeFilter(DropdownFilter):
    title = "error code"
    parameter_name = "error_code"

    def lookups(self, request, model_admin):
        return [(code, code.replace("_", " ").capitalize()) for code in ALL_CODES]

    def queryset(self, request, queryset):
        return queryset.filter(error_code=self.value()) if self.value() else queryset


class OccurrencesFilter(DropdownFilter):
    """Seen in at least so many cycles."""

    title = "occurrences"
    parameter_name = "min_occurrences"

    def lookups(self, request, model_admin):
        return [(str(least), f"{least} cycles or more") for least in (2, 10, 100, 1000)]

    def queryset(self, request, queryset):
        if self.value() in dict(self.lookup_choices):
            return queryset.filter(occurrence_count__gte=int(self.value()))
        return queryset
