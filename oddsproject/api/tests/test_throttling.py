import threading

import pytest
from django.db import connections

from oddsproject.api import throttling
from oddsproject.api.models import WriteAllowance
from oddsproject.api.tests.people import client_of


@pytest.mark.django_db
def test_writes_beyond_the_allowance_wait_and_reads_do_not(monkeypatch, settings):
    settings.CACHES = {"default": {"BACKEND": "nowhere.at.all"}}  # no cache is asked
    monkeypatch.setattr(throttling.WriteThrottle, "limit", ("write", 3, 0.001))
    lead = client_of("lead")
    assert [lead.post("/api/scheduler/pause", {}).status_code for _ in range(4)] == [200, 200, 200, 429]
    refused = lead.post("/api/scheduler/resume", {}, HTTP_X_FORWARDED_FOR="203.0.113.7")
    assert refused.status_code == 429
    assert int(refused["Retry-After"]) >= 1
    assert refused["Content-Type"] == "application/problem+json"
    assert lead.get("/api/settings").status_code == 200


@pytest.mark.django_db
def test_the_allowance_comes_back_with_time(monkeypatch):
    monkeypatch.setattr(throttling.WriteThrottle, "limit", ("write", 1, 0.001))
    lead = client_of("lead")
    assert [lead.post("/api/scheduler/pause", {}).status_code for _ in range(2)] == [200, 429]
    from datetime import timedelta

    from django.db.models import F

    WriteAllowance.objects.update(updated_at=F("updated_at") - timedelta(hours=1))
    assert [lead.post("/api/scheduler/pause", {}).status_code for _ in range(2)] == [200, 429]


@pytest.mark.django_db(transaction=True)
def test_simultaneous_writes_never_share_one_allowance():
    class Request:
        method = "POST"

        class user:
            pk = 7

    passed = []

    def knock():
        throttle = throttling.WriteThrottle()
        throttle.limit = ("write", 20, 0.000001)
        for _ in range(10):
            passed.append(throttle.allow_request(Request, object()))
        connections.close_all()

    threads = [threading.Thread(target=knock) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert passed.count(True) == 20 and len(passed) == 80
