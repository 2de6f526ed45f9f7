"""What no form of ours sends is refused or read as nothing: no page of the desk breaks over it."""

import pytest

from mappings.services import create_mapping
from mappings.tests.preview_builders import yes_no
from scraping.models import Settings
from scraping.services import set_scheduler_paused
from tests.admin_rows import sign_in

pytestmark = pytest.mark.django_db
HUGE = "9" * 5_000  # more digits than Python reads as a number


@pytest.mark.parametrize(
    ("address", "sent"),
    [
        ("clashes/", {"slug": "sportybet", "key": "1", "canonical_id": "penalty", "way": "off", "version": HUGE}),
        ("mapping/penalty/switch/", {"read_version": HUGE, "reason": "x"}),
        ("mapping/penalty/restore/1/", {"read_version": HUGE, "reason": "x"}),
        ("mapping-preview/", {"canonical_id": "penalty", "do": f"reason:{HUGE}"}),
        ("mappings/usermarketmapping/add/", {"canonical_id": "other", "do": f"reason:{HUGE}"}),
        ("decisions/take-back/", {"actor": "a\0b", "hours": "1"}),
        ("mapping-packs/", {"do": "import", "carried": "é"}),
    ],
)
def test_a_form_that_nobody_was_shown_is_no_error_of_ours(address, sent):
    values = {"name": "Penalty", "betpawa_id": "777", "sportybet_id": "900", "outcome_mapping": yes_no()}
    create_mapping(canonical_id="penalty", values=values, user="ada")
    assert sign_in("lead").post(f"/admin/{address}", sent).status_code < 500


def test_pausing_takes_a_plain_yes_or_no():
    """Anything else had gone for no, and started the cycles again."""
    client = sign_in("lead")
    set_scheduler_paused(paused=True, user="ada", reason="")
    for sent in ({}, {"paused": "true"}, {"paused": ""}):
        assert client.post("/admin/settings/pause/", sent).status_code == 400
    assert Settings.load().scheduler_paused
