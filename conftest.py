"""Fixtures every test may use. Servers and settings come from bin/test."""

import pytest


@pytest.fixture(autouse=True)
def _slots_end_with_their_test():
    """Pauses of one test are not the next one's, and a limiter's connection would keep the test
    database from being dropped."""
    yield
    from scraping.limits import close_limiter

    close_limiter()
