"""503 instead of 500, for pages as for the API, when the reason is that the database does not answer."""

import sys

import structlog
from django.contrib.auth.models import AnonymousUser
from django.db import InterfaceError, OperationalError
from django.http import HttpResponse, JsonResponse

log = structlog.get_logger(__name__)

AWAY = (OperationalError, InterfaceError)
RETRY_AFTER_SECONDS = 5
DETAIL = "The database does not answer. Try again in a moment."


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


def unavailable(request):
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
    if not request.path.startswith("/api/"):
        return HttpResponse(DETAIL, status=503, headers=headers, content_type="text/plain")
    body = {"type": "about:blank", "title": "Unavailable", "status": 503, "code": "database_away", "detail": DETAIL}
    return JsonResponse(body, status=503, headers=headers, content_type="application/problem+json")
