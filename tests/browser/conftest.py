"""People at one desk in one browser, which start once for all tests of this package."""

from contextlib import ExitStack

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from .driving import PASSWORD, open_floor


@pytest.fixture(scope="package")
def floor(django_db_setup):
    with open_floor() as floor:
        yield floor


@pytest.fixture
def sit_down(floor, transactional_db):
    """A function (name, role="trader", is_signed_in=True) → Desk of a person made for it, on an empty page; all
    leave when the test ends."""
    with ExitStack() as stack:

        def sit_down(name, role="trader", *, is_signed_in=True):
            user = User.objects.create_user(name, password=PASSWORD, is_staff=True)
            user.groups.add(Group.objects.get(name=role))
            client = Client()
            if is_signed_in:
                client.force_login(user)
            return stack.enter_context(floor.seat([(name, one.value) for name, one in client.cookies.items()]))

        yield sit_down
