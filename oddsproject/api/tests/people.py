"""The five columns of the access matrix."""

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from rest_framework.test import APIClient

COLUMNS = ("anon", "plain", "viewer", "trader", "lead")


def make_person(column):
    """A user of this column, None for anon."""
    if column == "anon":
        return None
    is_staff = column != "plain"
    user = get_user_model().objects.create_user(column, is_staff=is_staff)
    if is_staff:
        user.groups.add(Group.objects.get(name=column))
    return user


def client_of(column):
    """An API client signed in as a new person of this column."""
    client = APIClient(raise_request_exception=True)
    user = make_person(column)
    if user is not None:
        client.force_login(user)
    return client
