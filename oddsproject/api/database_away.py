"""503 instead of 500, for pages as for the API, when the reason is that the database does not answer; and
other words where it does answer, and what was asked for is held by somebody's decision."""

import sys

import structlog
from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.db import InterfaceError, OperationalError
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.utils.http import url_has_allowed_host_and_scheme
from psycopg.errors import LockNotAvailable

log = structlog.get_logger(__name__)

AWAY = (OperationalError, InterfaceError)
RETRY_AFTER_SECONDS = 5
DETAIL = "The database does not answer. Try again in a moment."
STILL_SAVING = "Somebody's decision is still being saved; nothing was changed. Try again in a moment."


class _NoReport:
    """Django's page for developers shows the values of the failed frames; to show a queryset is to
    ask the database again, once for every frame."""

    def __init__(self, *args, **kwargs):
        pass

    def get_traceback_html(self):
        return DETAIL

    get_traceback_text = get_traceback_html


def note(sender, request=None, **kwargs):
    """Receiver of got_request_exception, before those that log who asked: whoever is not known by
    now would be read from the database that does not answer, and waited for once more."""
    error = sys.exc_info()[1]
    if request is None or not isinstance(error, AWAY):
        return
    request.database_away = error
    request.exception_reporter_class = _NoReport
    if not hasattr(request, "_cached_user"):
        request.user = AnonymousUser()


class DatabaseAwayMiddleware:
    """The outermost one: sessions and users are read by the others."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        error = getattr(request, "database_away", None)
        if error is None or response.status_code != 500:
            return response
        log.warning("web.database_away", path=request.path, error=str(error).split("\n")[0])
        return unavailable(request)

    def process_exception(self, request, error):
        """What the view raised; before the session and its messages are saved."""
        if not isinstance(error.__cause__, LockNotAvailable):
            return None
        log.warning("web.still_saving", path=request.path)
        return still_saving(request)


def unavailable(request):
    return _refusal(request, "database_away", DETAIL)


def still_saving(request):
    """For people a message on the page that they came from, where that is known; for a page's script its form."""
    if request.path.startswith("/api/"):
        return _refusal(request, "still_saving", STILL_SAVING)
    if "application/json" in request.headers.get("Accept", ""):
        return JsonResponse({"problem": "still_saving", "detail": STILL_SAVING}, status=503, headers=_headers())
    came_from = request.headers.get("Referer", "")
    hosts = {request.get_host()}
    is_ours = url_has_allowed_host_and_scheme(came_from, allowed_hosts=hosts, require_https=request.is_secure())
    if request.method != "POST" or not is_ours:
        return _refusal(request, "still_saving", STILL_SAVING)
    messages.error(request, STILL_SAVING)
    return HttpResponseRedirect(came_from)


def _refusal(request, code, detail):
    if not request.path.startswith("/api/"):
        return HttpResponse(detail, status=503, headers=_headers(), content_type="text/plain")
    body = {"type": "about:blank", "title": "Unavailable", "status": 503, "code": code, "detail": detail}
    return JsonResponse(body, status=503, headers=_headers(), content_type="application/problem+json")


def _headers():
    return {"Retry-After": str(RETRY_AFTER_SECONDS)}
