"""One login per role, for the demo desk. bin/run keeps the password in its state directory."""

import os

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from oddsproject.api.roles import ROLES


class Command(BaseCommand):
    help = "Make demo_viewer, demo_trader and demo_lead with the password of DEMO_PASSWORD. Needs DEBUG=1."

    def handle(self, **options):
        if not settings.LAPTOP:
            raise CommandError("Demo logins are for DEBUG=1 only: their password is printed at every start.")
        password = os.environ.get("DEMO_PASSWORD", "")
        if not password:
            raise CommandError("DEMO_PASSWORD is not set.")
        for role in ROLES:
            make_login(role, password)


@transaction.atomic
def make_login(role, password):
    """Create demo_<role> or set it right: active, staff, in its group, with this password."""
    user, _ = User.objects.get_or_create(username=f"demo_{role}", defaults={"first_name": f"Demo {role}"})
    if not user.check_password(password):  # a new hash would end everybody's session at each start
        user.set_password(password)
    user.is_active = user.is_staff = True
    user.save(update_fields=["password", "is_active", "is_staff"])
    user.groups.add(Group.objects.get(name=role))
