"""Every refusal in one form: RFC 9457 problem details with a stable `code`, never internals.

`errors` names each field that is wrong. Bad input of whatever kind is a 4xx; what ends as a 5xx
is our fault, and is logged with its traceback by Django.
"""

import structlog
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation, TooManyFieldsSent
from django.http import Http404
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import set_rollback

log = structlog.get_logger(__name__)

PROBLEM_JSON = "application/problem+json"


class Conflict(exceptions.APIException):
    """Somebody was first, or the thing is busy."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "conflict"
    default_detail = "It has changed since you read it."


class TooLarge(exceptions.APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"
    default_detail = "The request body is too large."


TITLES = {
    400: "Bad request",
    401: "Sign in first",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    406: "Not acceptable",
    409: "Conflict",
    413: "Too large",
    415: "Unsupported media type",
    422: "Unprocessable",
    429: "Too many requests",
    503: "Unavailable",
}


def problem_handler(error, context):
    """DRF's exception handler: a problem response, or None for what is our fault."""
    error = _as_api_exception(error)
    if error is None:
        return None
    request = context.get("request")
    if error.status_code in (401, 403):
        log.info(
            "api.refused",
            status=error.status_code,
            user=getattr(getattr(request, "user", None), "pk", None),
            method=request.method,
            path=request.path,
        )
    headers = {}
    if getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = error.auth_header
    if getattr(error, "wait", None):
        headers["Retry-After"] = str(max(1, round(error.wait)))
    set_rollback()
    return Response(problem(error), status=error.status_code, headers=headers, content_type=PROBLEM_JSON)


def problem(error):
    """The body for an APIException."""
    body = {"type": "about:blank", "title": TITLES.get(error.status_code, "Error"), "status": error.status_code}
    if isinstance(error, exceptions.ValidationError):
        fields = _by_field(error.detail)
        body["code"] = "invalid"
        body["detail"] = "; ".join(f"{name}: {texts[0]}" for name, texts in list(fields.items())[:5])
        body["errors"] = fields
    else:
        body["code"] = getattr(error.detail, "code", None) or error.default_code
        body["detail"] = str(error.detail)
    return body | getattr(error, "extra", {})


def _as_api_exception(error):
    if isinstance(error, exceptions.APIException):
        return error
    if isinstance(error, Http404):
        return exceptions.NotFound()
    if isinstance(error, PermissionDenied):
        return exceptions.PermissionDenied()
    if isinstance(error, RequestDataTooBig):
        return TooLarge()
    if isinstance(error, TooManyFieldsSent):
        return exceptions.ParseError("Too many parameters.")
    if isinstance(error, SuspiciousOperation):
        return exceptions.ParseError()
    return None


def _by_field(detail, path=""):
    """{"outcomeMapping[0].position": ["…"]} from DRF's nested lists and dicts."""
    if isinstance(detail, dict):
        found = {}
        for name, inner in detail.items():
            found |= _by_field(inner, _path_of(name, path))
        return found
    if isinstance(detail, list) and any(isinstance(item, (dict, list)) for item in detail):
        found = {}
        for index, inner in enumerate(detail):
            if inner:
                found |= _by_field(inner, f"{path}[{index}]")
        return found
    texts = detail if isinstance(detail, list) else [detail]
    return {path or "body": [str(text) for text in texts]}


def _path_of(name, path):
    if name == "non_field_errors":
        return path
    if isinstance(name, int):
        return f"{path}[{name}]"
    return f"{path}.{name}" if path else str(name)
