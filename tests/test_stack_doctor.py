"""manage.py doctor: what is well is said to be, what is not is named."""

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django_q.models import OrmQ

from oddsproject.stack import processes
from oddsproject.stack.reports import CANARY_KEY
from scraping.management.commands import doctor
from scraping.models import Settings


@pytest.fixture
def nowhere():
    return f"127.0.0.1:{processes.free_port()}"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "check",
    [doctor.check_database, doctor.check_migrations, doctor.check_clock, doctor.check_partitions, doctor.check_redis,
     doctor.check_channel_layer, doctor.check_schedules, doctor.check_dispatcher],
)  # fmt: skip
def test_a_healthy_part_is_ok(check):
    finding = doctor.examine(check)
    assert finding.level == doctor.OK, finding.words


@pytest.mark.django_db(transaction=True)
def test_a_queue_without_a_cluster_fails_and_the_probe_is_taken_back(monkeypatch):
    monkeypatch.setattr(doctor, "PROBE_SECONDS", 0.2)
    cache.delete(CANARY_KEY)  # what a cluster of another test said
    finding = doctor.examine(doctor.check_queue)
    assert finding.level == doctor.FAIL
    assert "run_cluster" in finding.words
    assert not OrmQ.objects.exists()


@pytest.mark.django_db
def test_bookmakers_that_do_not_answer_are_named(settings, nowhere):
    settings.BOOKMAKER_URLS = dict.fromkeys(settings.BOOKMAKER_URLS, f"http://{nowhere}/")
    finding = doctor.examine(doctor.check_bookmakers)
    assert finding.level == doctor.FAIL
    assert all(slug in finding.words for slug in settings.BOOKMAKER_URLS)


@pytest.mark.django_db
def test_a_paused_schedule_is_a_warning():
    Settings.load()
    Settings.objects.update(scheduler_paused=True)
    assert doctor.examine(doctor.check_schedules).level == doctor.WARN


@pytest.mark.django_db
def test_a_missing_schedule_is_named():
    doctor.Schedule.objects.filter(name="scrape tick").delete()
    finding = doctor.examine(doctor.check_schedules)
    assert finding.level == doctor.FAIL
    assert "scrape tick" in finding.words


@pytest.mark.django_db(transaction=True)
def test_one_part_that_fails_makes_the_exit_code_one_and_spares_what_depends_on_it(
    settings, nowhere, monkeypatch, capsys
):
    settings.REDIS_URL = f"redis://{nowhere}/0"
    monkeypatch.setattr(doctor, "CHECKS", [check for check in doctor.CHECKS if check[0] in ("redis", "channel layer")])
    with pytest.raises(SystemExit) as exit_:
        call_command("doctor")
    assert exit_.value.code == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["fail", "fail"]
    assert "not checked: redis first" in lines[1]
