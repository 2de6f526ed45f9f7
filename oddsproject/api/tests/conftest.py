import pytest

from oddsproject.api.tests.people import client_of


@pytest.fixture
def viewer(db):
    return client_of("viewer")


@pytest.fixture
def lead(db):
    return client_of("lead")
