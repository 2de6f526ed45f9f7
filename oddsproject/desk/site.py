"""The admin site: who may enter, which pages it has beside those of the models."""

from functools import update_wrapper
from urllib.parse import urlsplit

import structlog
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from redis.exceptions import RedisError
from unfold.sites import UnfoldAdminSite

from oddsproject.api.roles import VIEWER, has_role

log = structlog.get_logger(__name__)


class DeskAdminSite(UnfoldAdminSite):
    index_template = "desk/index.html"
    index_title = "Desk"
    site_title = "Odds desk"
    site_header = "Odds desk"
    enable_nav_sidebar = True

    def __init__(self, name="admin"):
        super().__init__(name)
        self.disable_action("delete_selected")  # nothing scraped, mapped or audited is deleted by hand
        self._pages = []

    def has_permission(self, request):
        """Staff with a role. A staff account without one reaches nothing."""
        return request.user.is_active and request.user.is_staff and has_role(request.user, VIEWER)

    def add_page(self, route, view, name):
        """Serve `view(request, …)` at admin/<route> as admin:<name>, for those who may enter."""
        self._pages = [page for page in self._pages if page[2] != name] + [(route, view, name)]

    def extra_urls(self):
        return [path(route, self.admin_view(view), name=name) for route, view, name in self._pages]

    def admin_view(self, view, cacheable=False):
        return self._told(super().admin_view(_guarded(view), cacheable))

    def _told(self, view):
        """A form that is sent after the session has ended does nothing; that is said, and after
        signing in one is back on the page of the form. Scripts see the redirect and say it themselves."""

        def wrapper(request, *args, **kwargs):
            is_form = request.method == "POST" and request.content_type != "application/json"
            if is_form and not request.user.is_authenticated and request.path != reverse("admin:logout"):
                kept = "What you typed is back then." if "draft" in request.POST else "Do it again then."
                messages.warning(request, f"You had been signed out, so nothing was saved. Sign in. {kept}")
                return redirect_to_login(_came_from(request), reverse("admin:login"))
            return view(request, *args, **kwargs)

        return update_wrapper(wrapper, view)

    def search(self, request, extra_context=None):
        # The theme keeps results in the cache, and Redis is a convenience: without it nothing is found.
        try:
            return super().search(request, extra_context)
        except RedisError as error:
            log.warning("desk.search_without_cache", error=str(error))
            return HttpResponse("Search is away for the moment.", content_type="text/plain")


def _came_from(request):
    """The page of ours that a form was on, without the place in it."""
    asked = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(asked, {request.get_host()}, require_https=request.is_secure()):
        return reverse("admin:index")
    found = urlsplit(asked)
    return f"{found.path}?{found.query}" if found.query else found.path


def _guarded(view):
    """Turn away what no page could use (NUL bytes reach the database as an error), and log refusals."""

    def wrapper(request, *args, **kwargs):
        if any("\x00" in value for key in request.GET for value in (key, *request.GET.getlist(key))):
            messages.error(request, "The address held characters that cannot be searched for; they were left out.")
            return HttpResponseRedirect(request.path)
        if "\x00" in request.path:
            raise Http404
        try:
            return view(request, *args, **kwargs)
        except PermissionDenied:
            log.warning("desk.refused", user=request.user.get_username(), method=request.method, path=request.path)
            raise

    for attribute in ("csrf_exempt", "model_admin", "__name__", "__doc__"):
        if hasattr(view, attribute):
            setattr(wrapper, attribute, getattr(view, attribute))
    return wrapper
