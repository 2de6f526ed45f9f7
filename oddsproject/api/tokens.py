"""Bearer tokens: `odds_<prefix>_<secret>`. The secret has 256 random bits, so one round of
SHA-256 is enough; the prefix finds the row by its index, the hash is compared in constant time."""

import hashlib
import secrets
from datetime import timedelta

import structlog
from django.db.models import Q
from django.utils import timezone

from .roles import narrow_to, roles_of

log = structlog.get_logger(__name__)

MARK = "odds"
LONGEST_DAYS = 365
MAX_LENGTH = 128
LAST_USED_EVERY = timedelta(minutes=1)


def issue_token(*, user, name, role, lifetime=None):
    """Make a token and return (ApiToken, the text to hand over). The text cannot be had again.

    Raises ValueError when the user does not hold that role.
    """
    from .models import ApiToken

    if role not in ApiToken.Role.values:
        raise ValueError(f"A token's role is one of {', '.join(ApiToken.Role.values)}.")
    if role not in roles_of(user):
        raise ValueError(f"{user.get_username()} is not a {role}.")
    prefix, secret = secrets.token_hex(6), secrets.token_hex(32)
    token = ApiToken.objects.create(
        user=user,
        name=name,
        role=role,
        prefix=prefix,
        secret_hash=_hash(secret),
        expires_at=timezone.now() + lifetime if lifetime else None,
    )
    log.info("api.token_issued", prefix=prefix, user=user.get_username(), role=role, expires_at=token.expires_at)
    return token, f"{MARK}_{prefix}_{secret}"


def revoke_token(token, *, by):
    """Refuse the token from now on. False when it was revoked before."""
    from .models import ApiToken

    revoked = ApiToken.objects.filter(pk=token.pk, revoked_at__isnull=True).update(revoked_at=timezone.now())
    if revoked:
        log.info("api.token_revoked", prefix=token.prefix, user=token.user.get_username(), by=by.get_username())
    return bool(revoked)


def user_of_token(text):
    """The user a token acts for, with the token's role and no more; None when it is not valid."""
    from .models import ApiToken

    parts = text.split("_") if len(text) <= MAX_LENGTH and text.isascii() and text.isprintable() else []
    if len(parts) != 3 or parts[0] != MARK:
        return None
    now = timezone.now()
    token = (
        ApiToken.objects.select_related("user")
        .filter(Q(expires_at__isnull=True) | Q(expires_at__gt=now), prefix=parts[1], revoked_at__isnull=True)
        .first()
    )
    # A missing row is compared too, so that a wrong prefix takes as long as a wrong secret.
    right = secrets.compare_digest(token.secret_hash if token else _hash(""), _hash(parts[2]))
    if token is None or not right or not token.user.is_active:
        return None
    if token.last_used_at is None or now - token.last_used_at > LAST_USED_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
    narrow_to(token.user, token.role)
    return token.user


def _hash(secret):
    return hashlib.sha256(secret.encode()).hexdigest()
