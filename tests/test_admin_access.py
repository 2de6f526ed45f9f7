"""Who reaches which page of the admin, and what it costs."""

from datetime import UTC, datetime

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, reverse
from django_q.models import Failure, Schedule

from mappings.models import MappingAuditLog, UnmappedMarketLog, UserMarketMapping
from odds.models import MarketOddsCurrent, MarketOddsHistory
from scraping.models import ScrapeRun, SetAsideItem
from tests.admin_rows import make_everything, make_odds, sign_in

pytestmark = pytest.mark.django_db

LISTS = (
    "mappings_unmappedmarketlog",
    "mappings_usermarketmapping",
    "mappings_mappingauditlog",
    "odds_event",
    "odds_marketoddscurrent",
    "odds_marketoddshistory",
    "scraping_scraperun",
    "scraping_scrapeerror",
    "scraping_setasideitem",
    "scraping_settingschange",
    "api_apitoken",
)
PAGES = ("index", "freshness", "scraper_settings", "mapping_catalogue", *(f"{name}_changelist" for name in LISTS))
LEAD_PAGES = ("auth_user_changelist", "auth_group_changelist", "auth_user_add", "django_q_success_changelist",
              "django_q_failure_changelist", "admin_logentry_changelist")  # fmt: skip


@pytest.mark.parametrize("role", ["viewer", "trader", "lead", "superuser"])
def test_every_page_answers_those_who_may_read(role):
    make_everything(1)
    client = sign_in(role)
    assert {name: client.get(reverse(f"admin:{name}")).status_code for name in PAGES} == dict.fromkeys(PAGES, 200)


@pytest.mark.parametrize("role", ["plain", "none"])
def test_an_account_without_a_role_reaches_no_page(role):
    client = sign_in(role)
    for name in PAGES:
        answer = client.get(reverse(f"admin:{name}"))
        assert answer.status_code == 302 and "/admin/login/" in answer["Location"], name


def test_a_stranger_is_sent_to_the_sign_in_page(client):
    for name in PAGES:
        assert client.get(reverse(f"admin:{name}"))["Location"].startswith("/admin/login/"), name


def test_people_and_tasks_are_the_leads_alone():
    for role, status in (("viewer", 403), ("trader", 403), ("lead", 200)):
        client = sign_in(role)
        assert {client.get(reverse(f"admin:{name}")).status_code for name in LEAD_PAGES} == {status}, role


def test_queued_tasks_and_schedules_have_no_page_at_all():
    for name in ("django_q_schedule", "django_q_ormq"):
        with pytest.raises(NoReverseMatch):
            reverse(f"admin:{name}_changelist")
    assert not Schedule._meta.abstract and Failure is not None


@pytest.mark.parametrize(
    "model", [UnmappedMarketLog, UserMarketMapping, MappingAuditLog, MarketOddsCurrent, MarketOddsHistory, ScrapeRun,
              SetAsideItem]
)  # fmt: skip
def test_nothing_scraped_mapped_or_audited_can_be_deleted_even_by_a_superuser(model):
    make_everything(1)
    UserMarketMapping.objects.create(canonical_id="mine", name="Mine", sportybet_id="1")
    client = sign_in("superuser")
    row = model.objects.first()
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    assert client.get(reverse(f"{name}_delete", args=[row.pk])).status_code == 403
    assert client.post(reverse(f"{name}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403
    forged = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
    assert client.post(reverse(f"{name}_changelist"), forged).status_code == 403
    assert model.objects.filter(pk=row.pk).exists()


@pytest.mark.parametrize("name", [*PAGES, "odds_event"])
def test_a_list_costs_the_same_with_one_row_and_with_fifteen(name):
    client = sign_in("lead")

    def queries():
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert client.get(url).status_code == 200
        return len(captured)

    event = make_everything(1)
    UserMarketMapping.objects.create(canonical_id="m1", name="Mine", sportybet_id="1")
    url = reverse("admin:odds_event_change", args=[event.pk]) if name == "odds_event" else reverse(f"admin:{name}")
    queries()  # whatever is filled once per process
    one = queries()
    for number in range(2, 16):
        make_everything(number)
        make_odds(event, line=number)
        UserMarketMapping.objects.create(canonical_id=f"m{number}", name=f"Mine {number}", sportybet_id=str(number))
    queries()
    assert queries() == one
    assert one < 30


@pytest.mark.parametrize(
    "query",
    [
        "?name__regex=(", "?tournament__external_ids__contains=x", "?p=100000000", "?p=-1", "?q=%00",
        "?kickoff=%00", "?o=99.98", "?country=" + "x" * 5000, "?id__in=" + "1," * 2000,
    ],
)  # fmt: skip
def test_a_nonsense_address_is_refused_and_never_an_error(query):
    make_everything(1)
    client = sign_in("viewer")
    for name in ("odds_event", "odds_marketoddshistory", "mappings_unmappedmarketlog"):
        assert client.get(reverse(f"admin:{name}_changelist") + query).status_code in (200, 302, 400), name


@pytest.mark.parametrize(
    "address",
    [
        "odds/event/x/change/", "odds/event/999999/change/", f"odds/event/{10**40}/change/",
        "scraping/scraperun/nope/change/", "mappings/unmappedmarketlog/77777777777777777777/change/",
        "odds/event/1/market/3743/?line=NaN", "odds/event/1/market/%00/", "odds/event/99999999999999999999/market/1/",
        "mapping/%00/",
    ],
)  # fmt: skip
def test_a_row_that_is_not_there_is_not_found(address):
    answer = sign_in("viewer").get(f"/admin/{address}")
    assert answer.status_code in (302, 404)


def test_a_lead_cannot_raise_own_rights_or_make_a_superuser():
    client = sign_in("lead")
    me = User.objects.get(username="a-lead")
    trader = User.objects.create_user("ada", password="long-enough-1")
    change = reverse("admin:auth_user_change", args=[trader.pk])
    sent = {"username": "ada", "role": Group.objects.get(name="trader").pk, "is_active": "on", "is_superuser": "on",
            "user_permissions": ["1"], "is_staff": "on"}  # fmt: skip
    assert client.post(change, sent).status_code == 302
    trader.refresh_from_db()
    assert not trader.is_superuser and trader.is_staff
    assert [group.name for group in trader.groups.all()] == ["trader"]
    assert not trader.user_permissions.exists()

    own = reverse("admin:auth_user_change", args=[me.pk])
    client.post(own, {"username": "a-lead", "is_superuser": "on", "role": "", "is_active": "on"})
    me.refresh_from_db()
    assert not me.is_superuser and me.is_active and me.groups.filter(name="lead").exists()


def test_a_lead_cannot_touch_a_superuser():
    boss = User.objects.create_superuser("boss", password="long-enough-1")
    client = sign_in("lead")
    change = reverse("admin:auth_user_change", args=[boss.pk])
    assert client.post(change, {"username": "taken", "is_active": ""}).status_code == 403
    password = reverse("admin:auth_user_password_change", args=[boss.pk])
    assert client.post(password, {"password1": "mine-now-123", "password2": "mine-now-123"}).status_code == 403
    boss.refresh_from_db()
    assert boss.username == "boss" and boss.check_password("long-enough-1")


def test_taking_the_role_away_takes_the_way_in_away():
    client = sign_in("lead")
    ada = User.objects.create_user("ada", password="long-enough-1", is_staff=True)
    ada.groups.add(Group.objects.get(name="trader"))
    client.post(reverse("admin:auth_user_change", args=[ada.pk]), {"username": "ada", "role": "", "is_active": "on"})
    ada.refresh_from_db()
    assert not ada.is_staff and not ada.groups.exists()


def test_times_of_users_and_of_the_log_are_in_the_desks_format_with_their_zone():
    client = sign_in("lead")
    me = User.objects.get(username="a-lead")
    User.objects.filter(pk=me.pk).update(last_login=datetime(2026, 11, 21, 11, 6, tzinfo=UTC))
    LogEntry.objects.log_actions(me.pk, User.objects.filter(pk=me.pk), CHANGE, change_message="x", single_object=True)
    LogEntry.objects.update(action_time=datetime(2026, 11, 21, 19, 30, tzinfo=UTC))
    assert "Sat 21 Nov 2026, 12:06 WAT" in client.get(reverse("admin:auth_user_changelist")).content.decode()
    assert "Sat 21 Nov 2026, 20:30 WAT" in client.get(reverse("admin:admin_logentry_changelist")).content.decode()
    own = client.get(reverse("admin:auth_user_change", args=[me.pk])).content.decode()
    assert "12:06 WAT" in own and "p.m." not in own and "noon" not in own
