"""bin/test's promises: a real PostgreSQL and a real Redis, private to this run."""

import os

import pytest
import redis
from django.db import connection


@pytest.mark.django_db
def test_the_suite_runs_on_a_real_postgresql_in_utc():
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version_num')::int >= 150000, current_setting('TimeZone')")
        assert cursor.fetchone() == (True, "UTC")


@pytest.mark.django_db
def test_upper_case_knows_accents_so_that_icontains_finds_them():
    with connection.cursor() as cursor:
        cursor.execute("SELECT upper('são')")
        assert cursor.fetchone() == ("SÃO",)


def test_a_real_redis_answers():
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
        assert client.ping()
