"""DRF's way of asking for roles. Permission is checked before the method, so a viewer who posts
to a read-only address gets 403 and a trader 405."""

from rest_framework.permissions import SAFE_METHODS, BasePermission

from .roles import TRADER, VIEWER, has_role


class HasRole(BasePermission):
    """The view says who reads (`read_role`, viewers) and who writes (`write_role`, traders)."""

    def has_permission(self, request, view):
        reading = request.method in SAFE_METHODS
        needed = getattr(view, "read_role", VIEWER) if reading else getattr(view, "write_role", TRADER)
        return has_role(request.user, needed)
