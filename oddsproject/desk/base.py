"""Bases of every admin page of ours: rights by role, nothing deleted, cheap lists."""

import structlog
from django.contrib.admin import ShowFacets
from django.core.exceptions import PermissionDenied
from unfold.admin import ModelAdmin
from unfold.decorators import display

from oddsproject.api.roles import VIEWER, has_role
from oddsproject.desk.bookmakers import bookmaker_names
from oddsproject.desk.formats import DASH
from oddsproject.desk.paginator import BoundedPaginator

log = structlog.get_logger(__name__)

LOOKUPS = ("", "__exact", "__in", "__isnull", "__gte", "__gt", "__lte", "__lt", "__id__exact")


class RolePermissions:
    """Rights come from the three roles. None: nobody, not even a superuser."""

    view_role = VIEWER
    add_role = None
    change_role = None

    def _allows(self, request, role):
        return role is not None and has_role(request.user, role)

    def has_module_permission(self, request):
        return self._allows(request, self.view_role)

    def has_view_permission(self, request, obj=None):
        return self._allows(request, self.view_role)

    def has_add_permission(self, request, obj=None):
        return self._allows(request, self.add_role)

    def has_change_permission(self, request, obj=None):
        return self._allows(request, self.change_role)

    def has_delete_permission(self, request, obj=None):
        return False


class DeskAdmin(RolePermissions, ModelAdmin):
    paginator = BoundedPaginator
    list_per_page = 50
    list_max_show_all = 0
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    list_fullwidth = True
    compressed_fields = True
    list_filter_submit = True  # every filter at once, one request
    # Query-string names that pages of ours link with, beyond those of list_filter.
    linked_lookups = ()

    def lookup_allowed(self, lookup, value, request):
        """Only what a filter of this list offers, or a page of ours links to."""
        allowed = set(self.linked_lookups)
        for entry in self.get_list_filter(request):
            field = entry[0] if isinstance(entry, list | tuple) else entry
            if isinstance(field, str):
                allowed |= {field + suffix for suffix in LOOKUPS}
            else:
                allowed |= {field.parameter_name, *getattr(field, "extra_parameters", ())}
        return lookup in allowed

    def changelist_view(self, request, extra_context=None):
        if request.method == "POST":
            self._refuse_forged_action(request)
        return super().changelist_view(request, extra_context)

    def _refuse_forged_action(self, request):
        """Django answers an action that one may not use with a redirect; the rule here is 403."""
        allowed = self.get_actions(request)
        for name in request.POST.getlist("action"):
            if name and name not in allowed:
                log.warning("desk.forged_action", user=request.user.get_username(), action=name[:50])
                raise PermissionDenied


class ReadOnlyAdmin(DeskAdmin):
    """A window on rows that the scraper or the database writes."""

    def get_readonly_fields(self, request, obj=None):
        return self.readonly_fields or [field.name for field in self.opts.fields]


class BookmakerColumn:
    """A column "bookmaker" with the name of the row's `bookmaker_slug`; one query per page."""

    def get_queryset(self, request):
        self.book_names = bookmaker_names()
        return super().get_queryset(request)

    @display(description="Bookmaker", ordering="bookmaker_slug")
    def bookmaker(self, row):
        return self.book_names.get(row.bookmaker_slug, row.bookmaker_slug) or DASH
