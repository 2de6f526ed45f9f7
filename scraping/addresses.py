"""Which addresses this deployment may ask: a list of its own, so that no setting turns us inward."""

import ipaddress
from urllib.parse import urlsplit

from django.conf import settings

from scraping.exceptions import AddressRefused


def checked_base_url(slug: str, address: str) -> str:
    """The address without a trailing slash. Raises AddressRefused, and nothing has been sent."""
    problem = _problem_with(address)
    if problem:
        raise AddressRefused(bookmaker=slug, detail=f"The base address {address[:200]!r} is not used: {problem}")
    return address.rstrip("/")


def _problem_with(address: str) -> str:
    """Why an address is refused, "" when it is not."""
    try:
        parts = urlsplit(address)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError as error:
        return f"{error}."
    if parts.scheme not in ("https", "http") or not host:
        return "it is no web address."
    if any(char.isspace() or ord(char) < 32 for char in address) or "\\" in address:
        return "it holds blanks or backslashes."
    if parts.username is not None or parts.password is not None:
        return "it holds a user name or password."
    if parts.query or parts.fragment:
        return "it holds a query or fragment."
    if is_loopback(host):
        return "" if settings.BOOKMAKER_ALLOW_LOOPBACK else "loopback is for DEBUG=1 only."
    if parts.scheme != "https":
        return "only https is used."
    if host not in settings.BOOKMAKER_ALLOWED_HOSTS:
        return "its host is not in BOOKMAKER_ALLOWED_HOSTS."
    if port not in (None, 443):
        return "only port 443 is used."
    return ""


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
