from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class ApiToken(models.Model):
    """A program's key: acts for its user, with the rights of one role and never more than the
    user's own. Only a hash is kept; the secret was shown once."""

    class Role(models.TextChoices):
        VIEWER = "viewer", "Viewer"
        TRADER = "trader", "Trader"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=100, help_text="What it is for.")
    role = models.CharField(max_length=10, choices=Role, default=Role.VIEWER, db_default=Role.VIEWER)
    prefix = models.CharField(max_length=12, unique=True, help_text="The part that may be shown.")
    secret_hash = models.CharField(max_length=64, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "api_token"
        ordering = ["-id"]
        constraints = [models.CheckConstraint(condition=Q(role__in=["viewer", "trader"]), name="token_role_is_known")]

    def __str__(self):
        return f"{self.prefix}… ({self.name})"


class WriteAllowance(models.Model):
    """How much one user may still write now: a token bucket in the database, so that it holds
    for every process and without Redis."""

    key = models.CharField(max_length=100, primary_key=True)
    left = models.FloatField()
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "api_write_allowance"

    def __str__(self):
        return self.key
