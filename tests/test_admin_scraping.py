"""Runs, settings and freshness in the admin."""

from datetime import timedelta

import pytest
from django.utils import timezone

from scraping.models import BookmakerHealth, ScrapeRun, SetAsideItem, Settings, SettingsChange
from tests.admin_rows import make_event, make_run, sign_in

pytestmark = pytest.mark.django_db

SETTINGS = "/admin/settings/"


def form_of(client):
    """What the settings page would send back unchanged."""
    form = client.get(SETTINGS).context["form"]
    data = {name: form[name].value() for name in form.fields}
    return {name: value for name, value in data.items() if value is not None and value is not False}


def test_a_change_of_settings_leaves_who_what_and_why():
    client = sign_in("lead")
    sent = {**form_of(client), "interval_minutes": 10, "bet9ja_details": 7, "reason": "they asked us to slow down"}
    assert client.post(SETTINGS, sent).status_code == 302
    settings = Settings.load()
    assert settings.interval_minutes == 10 and settings.limits["bet9ja"]["details"] == 7
    assert settings.bookmaker_limits == {"bet9ja": {"details": 7}}
    change = SettingsChange.objects.get()
    assert (change.created_by, change.reason) == ("a-lead", "they asked us to slow down")
    assert change.new_value["interval_minutes"] == 10


def test_saving_what_is_there_changes_nothing():
    client = sign_in("lead")
    answer = client.post(SETTINGS, form_of(client))
    assert answer.status_code == 302, answer.context["form"].errors
    assert not SettingsChange.objects.exists()


@pytest.mark.parametrize(
    ("field", "value", "range_text"),
    [("interval_minutes", 0, "from 1 to 60"), ("interval_minutes", 99999, "from 1 to 60"),
     ("batch_size", 5, "from 10 to 200"),
     ("betpawa_details", 10_000, "from 1 to 100"), ("bet9ja_delay_ms", -1, "from 0 to 10000"),
     ("odds_retention_days", 0, "from 1 to 365"), ("sportybet_lists", "x", "from 1 to 50")],
)  # fmt: skip
def test_a_silly_setting_is_refused_with_the_range(field, value, range_text):
    client = sign_in("lead")
    answer = client.post(SETTINGS, {**form_of(client), field: value})
    assert answer.status_code == 200 and range_text in answer.content.decode()
    assert not SettingsChange.objects.exists()


@pytest.mark.parametrize("role", ["viewer", "trader"])
def test_others_see_the_settings_and_change_none(role):
    client = sign_in(role)
    page = client.get(SETTINGS)
    assert page.status_code == 200 and b"A lead changes these" in page.content
    assert client.post(SETTINGS, {"interval_minutes": 1}).status_code == 403
    assert client.post(SETTINGS + "pause/", {"paused": "1"}).status_code == 403
    assert not SettingsChange.objects.exists() and not Settings.load().scheduler_paused


def test_the_second_of_two_leads_is_told():
    client = sign_in("lead")
    read = form_of(client)
    client.post(SETTINGS, {**read, "interval_minutes": 10})
    answer = client.post(SETTINGS, {**read, "interval_minutes": 20})
    assert answer.status_code == 200 and b"changed the settings since you opened them" in answer.content
    assert Settings.load().interval_minutes == 10


def test_switching_every_bookmaker_off_shows_a_banner():
    client = sign_in("lead")
    sent = {name: value for name, value in form_of(client).items() if not name.endswith("_enabled")}
    client.post(SETTINGS, sent)
    assert b"Every bookmaker is switched off" in client.get(SETTINGS).content


def test_pausing_the_schedule_is_a_change_with_its_author():
    client = sign_in("lead")
    client.post(SETTINGS + "pause/", {"paused": "1", "reason": "cup final"})
    assert Settings.load().scheduler_paused
    assert b"Scheduled cycles are paused" in client.get("/admin/").content
    client.post(SETTINGS + "pause/", {"paused": "0"})
    assert not Settings.load().scheduler_paused and SettingsChange.objects.count() == 2


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("trader", 403), ("lead", 302)])
def test_only_a_lead_starts_and_retries_cycles(role, status):
    run = make_run(status="failed")
    client = sign_in(role)
    assert client.post("/admin/scraping/scraperun/start/").status_code == status
    assert ScrapeRun.objects.exclude(pk=run.pk).count() == (status == 302)
    ScrapeRun.objects.exclude(pk=run.pk).update(status="completed")
    assert client.post(f"/admin/scraping/scraperun/{run.pk}/retry/").status_code == status


def test_a_cycle_is_not_started_by_following_a_link():
    assert sign_in("lead").get("/admin/scraping/scraperun/start/").status_code == 405
    assert not ScrapeRun.objects.exists()


def test_a_second_cycle_is_refused_with_the_reason():
    make_run(status="running", phase="scraping", finished_at=None)
    answer = sign_in("lead").post("/admin/scraping/scraperun/start/", follow=True)
    assert "one cycle goes at a time" in " ".join(str(message) for message in answer.context["messages"])
    assert ScrapeRun.objects.count() == 1


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("trader", 302)])
def test_a_trader_refreshes_one_event(role, status):
    event = make_event()
    assert sign_in(role).post(f"/admin/refresh-event/{event.pk}/").status_code == status
    assert ScrapeRun.objects.filter(kind="event", event_sr_id=event.sportradar_id).count() == (status == 302)


def test_freshness_tells_paused_blocked_and_never_scraped_apart():
    soon = timezone.now() + timedelta(minutes=5)
    BookmakerHealth.objects.create(bookmaker_slug="bet9ja", state="blocked", reason="403", paused_until=soon)
    BookmakerHealth.objects.create(bookmaker_slug="betpawa", state="up", last_complete_at=timezone.now())
    page = sign_in("viewer").get("/admin/freshness/").content.decode()
    for words in ("Blocked", "Nothing is asked before", "Up", "Unknown", "Not scraped yet"):
        assert words in page


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("trader", 403), ("lead", 302)])
def test_only_a_lead_dismisses_what_was_set_aside(role, status):
    make_run()
    item = SetAsideItem.objects.get()
    sent = {"action": "dismiss", "_selected_action": [item.pk]}
    assert sign_in(role).post("/admin/scraping/setasideitem/", sent).status_code == status
    item.refresh_from_db()
    assert (item.dismissed_at is not None) == (status == 302)


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("trader", 302), ("lead", 302)])
def test_a_trader_tries_pieces_that_were_set_aside_again_and_is_told_what_became_of_each(role, status):
    make_run()
    event = make_event()
    SetAsideItem.objects.update(event_id=event.pk)
    lost = SetAsideItem.objects.create(
        bookmaker_slug="bet9ja", external_id="9<b>", market_key="S_OU@2.5_O", reason="DROPPED"
    )
    sent = {"action": "try_again", "_selected_action": list(SetAsideItem.objects.values_list("pk", flat=True))}
    client = sign_in(role)
    assert client.post("/admin/scraping/setasideitem/", sent).status_code == status
    runs = ScrapeRun.objects.filter(kind="event", event_sr_id=event.sportradar_id)
    assert runs.count() == (status == 302)
    if status == 302:
        page = client.get("/admin/scraping/setasideitem/").content.decode()
        assert f"Asked for again, as run {runs.get().pk}." in page and "5000" in page
        assert "not known any more" in page and f"9&lt;b&gt;</bdi> <bdi>{lost.market_key}" in page
