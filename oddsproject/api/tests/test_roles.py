import pytest
from django.contrib.auth.models import AnonymousUser, Group, Permission
from django.core.management import call_command

from oddsproject.api.roles import has_role
from oddsproject.api.tests.people import make_person

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("column", "roles"),
    [("plain", ""), ("viewer", "viewer"), ("trader", "viewer trader"), ("lead", "viewer trader lead")],
)
def test_each_role_includes_the_ones_before_it(column, roles):
    user = make_person(column)
    assert [role for role in ("viewer", "trader", "lead") if has_role(user, role)] == roles.split()


def test_nobody_and_the_inactive_hold_no_role():
    lead = make_person("lead")
    lead.is_active = False
    assert not has_role(lead, "viewer")
    assert not has_role(AnonymousUser(), "viewer")
    assert not has_role(None, "viewer")


def test_an_unknown_role_is_a_mistake_of_the_caller():
    with pytest.raises(ValueError, match="owner"):
        has_role(make_person("lead"), "owner")


def test_groups_have_the_permissions_that_the_admin_asks_for():
    names = {role: permissions_of(role) for role in ("viewer", "trader", "lead")}
    assert names["viewer"] < names["trader"] < names["lead"]
    assert "mappings.view_usermarketmapping" in names["viewer"]
    assert all(name.split(".")[1].startswith("view_") for name in names["viewer"])
    assert "mappings.change_unmappedmarketlog" in names["trader"]
    assert "mappings.add_usermarketmapping" in names["trader"]
    assert "scraping.change_settings" in names["lead"] - names["trader"]
    assert "auth.add_user" in names["lead"] - names["trader"]
    everything = names["lead"]
    assert not [name for name in everything if ".delete_" in name]
    assert not [name for name in everything if name.startswith(("django_q.add", "django_q.change", "sessions."))]


def test_giving_permissions_again_changes_nothing_and_mends_what_was_lost():
    before = permissions_of("trader")
    Group.objects.get(name="trader").permissions.clear()
    Group.objects.get(name="viewer").permissions.add(Permission.objects.get(codename="delete_user"))
    call_command("migrate", verbosity=0)
    assert permissions_of("trader") == before
    assert "auth.delete_user" not in permissions_of("viewer")


def permissions_of(role):
    permissions = Group.objects.get(name=role).permissions.select_related("content_type")
    return {f"{p.content_type.app_label}.{p.codename}" for p in permissions}
