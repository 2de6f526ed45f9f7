"""Bearer tokens for programs; browsers use their session (DRF's own class, with its CSRF check)."""

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed

from .tokens import user_of_token


class BearerAuthentication(BaseAuthentication):
    """First in the list, so that every 401 names it in WWW-Authenticate."""

    def authenticate(self, request):
        scheme, _, token = get_authorization_header(request).decode("latin1").partition(" ")
        if scheme.lower() != "bearer":
            return None
        user = user_of_token(token.strip())
        if user is None:
            # One answer for expired, revoked, mistyped and never issued.
            raise AuthenticationFailed("The token is not valid.")
        return user, None

    def authenticate_header(self, request):
        return 'Bearer realm="oddsproject"'


class BearerScheme(OpenApiAuthenticationExtension):
    target_class = "oddsproject.api.authentication.BearerAuthentication"
    name = "bearerToken"

    def get_security_definition(self, auto_schema):
        return {"type": "http", "scheme": "bearer"}
