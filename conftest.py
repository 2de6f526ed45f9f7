"""Fixtures every test may use. Servers and settings come from bin/test."""

import gc

import pytest
from django.test import TransactionTestCase

from tests import pristine


def pytest_collection_finish(session):
    """What is imported and collected stays to the end: looking through it again and again for garbage was
    a third of the suite's work."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


@pytest.fixture(autouse=True)
def _slots_end_with_their_test():
    """Pauses of one test are not the next one's, and a limiter's connection would keep the test
    database from being dropped."""
    yield
    from scraping.limits import close_limiter

    close_limiter()


@pytest.fixture(scope="session", autouse=True)
def _passwords_cost_nothing():
    """A million rounds per made-up user were a fifth of the suite; one round makes the same kind of hash."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.contrib.auth.hashers.PBKDF2PasswordHasher.iterations", 1)
        yield


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """Tests that commit leave the database as the migrations made it, whichever runs next."""
    with django_db_blocker.unblock():
        pristine.remember()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda case: pristine.restore())
        yield
