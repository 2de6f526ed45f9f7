"""Who may open a socket: the right page (origin), signed in, and at least a viewer."""

from importlib import import_module
from types import SimpleNamespace
from urllib.parse import urlsplit

from channels.db import database_sync_to_async
from django.conf import settings
from django.contrib.auth import get_user
from django.core.exceptions import DisallowedHost
from django.http.cookie import parse_cookie
from django.http.request import split_domain_port, validate_host

from oddsproject.api.roles import VIEWER, has_role

DEFAULT_PORTS = {"http": 80, "https": 443}
SIGNED_OUT = 4401
NO_ROLE = 4403
MAX_HEADER_LENGTH = 4096


class Visitor:
    """Someone at the gate, by session cookie or by bearer token; asked again while they stay."""

    def __init__(self, *, session_key=None, token=None):
        self._session_key = session_key
        self._token = token
        self.user_id = None

    async def refusal(self):
        """None when they may listen now, else the close code that says why not."""
        return await database_sync_to_async(self._refusal)()

    def _refusal(self):
        user = self._user()
        if user is None or not user.is_authenticated:
            return SIGNED_OUT
        self.user_id = user.pk
        return None if has_role(user, VIEWER) else NO_ROLE

    def _user(self):
        if self._token is not None:
            from oddsproject.api.tokens import user_of_token

            return user_of_token(self._token)
        sessions = import_module(settings.SESSION_ENGINE)
        return get_user(SimpleNamespace(session=sessions.SessionStore(self._session_key)))


def visitor_of(scope):
    """The visitor of a handshake, None when they bring nothing to be known by or come from
    another site. Asks no database, so that a stranger's attempt costs nothing."""
    headers = _headers(scope)
    origins = headers.get("origin", [])
    authorization = headers.get("authorization", [])
    if authorization:
        # A browser cannot set this header, so a script of another site cannot use it; programs
        # send no origin.
        scheme, _, token = authorization[0].partition(" ")
        if origins and not is_same_origin(scope, origins):
            return None
        if len(authorization) != 1 or scheme.lower() != "bearer" or not token:
            return None
        return Visitor(token=token.strip())
    if not is_same_origin(scope, origins):
        return None
    cookies = parse_cookie("; ".join(headers.get("cookie", [])))
    session_key = cookies.get(settings.SESSION_COOKIE_NAME, "")
    if not (session_key.isascii() and session_key.isalnum() and len(session_key) <= 64):
        return None
    return Visitor(session_key=session_key)


def is_same_origin(scope, origins):
    """Whether the one Origin header is exactly our scheme, host and port, or a trusted one."""
    if len(origins) != 1:
        return False
    asked = parse_origin(origins[0])
    if asked is None:
        return False
    trusted = {parse_origin(origin) for origin in settings.CSRF_TRUSTED_ORIGINS}
    return asked == _own_origin(scope) or asked in trusted


def parse_origin(text):
    """(scheme, host, port) of an origin, None when it is not exactly one."""
    if len(text) > MAX_HEADER_LENGTH:
        return None
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname or text != f"{parts.scheme}://{parts.netloc}":
        return None
    if "@" in parts.netloc:
        return None
    return parts.scheme, parts.hostname, port or DEFAULT_PORTS[parts.scheme]


def _own_origin(scope):
    headers = _headers(scope)
    hosts = headers.get("host", [])
    if len(hosts) != 1:
        return None
    try:
        domain, _ = split_domain_port(hosts[0])
    except DisallowedHost:
        return None
    if not domain or not validate_host(domain, settings.ALLOWED_HOSTS):
        return None
    scheme = "https" if scope.get("scheme") == "wss" else "http"
    if settings.SECURE_PROXY_SSL_HEADER:
        name, secure_value = settings.SECURE_PROXY_SSL_HEADER
        sent = headers.get(name.removeprefix("HTTP_").replace("_", "-").lower())
        if sent:
            scheme = "https" if sent[0].split(",")[0].strip() == secure_value else "http"
    return parse_origin(f"{scheme}://{hosts[0].lower()}")


def _headers(scope):
    """{lower-case name: [values]}; those too long to be honest are left out."""
    headers = {}
    for name, value in scope.get("headers", []):
        if len(value) <= MAX_HEADER_LENGTH:
            headers.setdefault(name.decode("latin1").lower(), []).append(value.decode("latin1"))
    return headers
