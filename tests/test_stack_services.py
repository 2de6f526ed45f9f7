"""The supervisor's children: restarted with growing pauses, replaced when they stop answering."""

import os
import signal

import pytest

from oddsproject.stack import processes, services
from oddsproject.stack.services import Service, stop_together


@pytest.fixture
def make_service(tmp_path):
    made = []

    def make(command, **options):
        made.append(Service(command=command, environment=dict(os.environ), log_path=tmp_path / "it.log", **options))
        made[-1].start()
        return made[-1]

    yield make
    stop_together(made)


def look_until(service, condition, said):
    return processes.wait_until(lambda: service.look(said.append) or condition(), seconds=60)


def test_a_child_that_ends_is_started_again_after_a_growing_pause(make_service):
    said = []
    service = make_service(["sh", "-c", "exit 7"], name="it")
    assert look_until(service, lambda: len(said) == 2, said)
    assert "it ended (exit code 7); starting it again in 1 s" in said[0]
    assert "in 2 s" in said[1]


def test_a_child_that_stops_answering_is_replaced(make_service, monkeypatch):
    monkeypatch.setattr(services, "LOOK_EVERY", 0.05)
    said = []
    service = make_service(["sleep", "60"], name="it", is_up=lambda: False, check_always=True)
    first = service.process.pid
    assert look_until(service, lambda: service.restarts == 1, said)
    assert service.process.pid != first
    assert "has not answered" in said[0]


def test_children_that_do_not_want_to_end_are_killed_when_their_time_is_over(make_service):
    script = "trap '' TERM; echo ready; while :; do sleep 0.1; done"
    stubborn = [make_service(["sh", "-c", script], name=f"it{number}", stop_seconds=0.3) for number in range(2)]
    assert processes.wait_until(lambda: stubborn[0].log_path.read_text().count("ready") == 2, seconds=60)
    stop_together(stubborn)
    assert [service.process.returncode for service in stubborn] == [-signal.SIGKILL] * 2


def test_a_log_that_has_grown_too_large_keeps_its_newer_part_aside(make_service, monkeypatch):
    service = make_service(["sh", "-c", "sleep 60"], name="it")
    monkeypatch.setattr(services, "LARGEST_LOG", 10)
    service.log_path.write_text("0123456789abcdef")
    service.rotate_log()
    assert service.log_path.read_text() == ""
    assert service.log_path.with_suffix(".log.1").read_text() == "6789abcdef"
