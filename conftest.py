"""Fixtures every test may use. Servers and settings come from bin/test."""

import pytest


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
