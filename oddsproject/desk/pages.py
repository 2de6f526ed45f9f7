"""Pages of the admin that are not a model's list or form."""

from functools import wraps

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseNotAllowed
from django.template.response import TemplateResponse

from oddsproject.api.roles import VIEWER, has_role


def page(request, template, *, title, **context):
    """Render a page inside the admin's frame."""
    request.current_app = admin.site.name
    return TemplateResponse(
        request, template, {**admin.site.each_context(request), "title": title, "is_fullwidth": "1", **context}
    )


def require(role=VIEWER, *, methods=("GET", "HEAD")):
    """Let only people of `role` through, with these methods; others read 403 or 405."""

    def decorate(view):
        @wraps(view)
        def guarded(request, *args, **kwargs):
            if not has_role(request.user, role):
                raise PermissionDenied
            if request.method not in methods:
                return HttpResponseNotAllowed(methods)
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def number(text: str) -> int | None:
    """A number from an address or a form, as large as a column holds; None for whatever is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
