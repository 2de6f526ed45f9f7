"""The price check on what a scrape brought: right mappings pass, wrong ones come up for review."""

import pytest
from django.utils.html import escape

from mappings.catalogue.loader import built_in
from mappings.evidence.audit import audit_mappings
from mappings.evidence.samples import recent_fixtures
from mappings.models import PriceAudit, UnmappedMarketLog
from mappings.services import create_mapping
from odds.models import Bookmaker
from tests.admin_rows import sign_in

from .desk import cycle

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def override(canonical_id, swap=False, **changes):
    """The built-in entry as a person's row, with changes."""
    entry = next(definition for definition in built_in() if definition.canonical_id == canonical_id)
    texts = [dict(outcome.texts) for outcome in entry.outcomes]
    if swap:
        texts[0]["sportybet"], texts[-1]["sportybet"] = texts[-1]["sportybet"], texts[0]["sportybet"]
    create_mapping(
        canonical_id=canonical_id, user="ada", reason="",
        values={
            "name": entry.name, "kind": entry.kind, "subkind": entry.subkind, "period": entry.period,
            "subject": entry.subject, "side": entry.side, "line_semantics": entry.line_semantics,
            "betpawa_id": entry.betpawa_id, "sportybet_id": entry.keys["sportybet"][0],
            "outcome_mapping": [
                {
                    "canonical_id": outcome.canonical_id, "betpawa_name": text["betpawa"],
                    "sportybet_desc": text["sportybet"], "position": outcome.position,
                }
                for outcome, text in zip(entry.outcomes, texts, strict=True)
            ],
            **changes,
        },
    )  # fmt: skip
    return entry.keys["sportybet"][0]


def test_no_right_mapping_is_flagged_and_wrong_ones_are(demo):
    assert Bookmaker.objects.count() == 3
    cycle()
    assert len(recent_fixtures()) >= 6
    verdicts = audit_mappings().verdicts
    assert verdicts["agrees"] > 120
    assert not PriceAudit.objects.filter(verdict__in=["apart", "swapped"]).exists()

    swapped = override("1x2_ft", swap=True)
    other_period = override("over_under_ft", betpawa_id="4958")
    cycle()
    assert audit_mappings().opened == 0
    cycle()
    assert audit_mappings().opened == 2
    reviews = {row.external_market_id: row.review for row in UnmappedMarketLog.objects.filter(tab="REVIEW")}
    assert set(reviews) == {swapped, other_period}
    assert "swapped" in reviews[swapped]["reason"]
    assert reviews[other_period]["looksLike"] == "5000"
    row = UnmappedMarketLog.objects.get(external_market_id=swapped)
    page = sign_in("viewer").get(f"/admin/mappings/unmappedmarketlog/{row.pk}/change/").content.decode()
    shown = row.review["fixtures"][0]
    assert escape(f"{shown['homeTeam']} – {shown['awayTeam']}") in page
    assert f'<td class="desk-number">{shown["outcomes"][0]["betpawaPrice"]}</td>' in page
    assert "betpawaName" not in page and "awayTeam" not in page  # words for people
    assert audit_mappings().opened == 0
