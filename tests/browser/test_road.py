"""A trader in a real browser: hears of new markets, maps one by keyboard, sees it take effect, takes it back."""

from mappings import services
from mappings.cache import mapping_cache
from mappings.models import DecisionBatch, UnmappedMarketLog, UserMarketMapping
from mappings.tasks import after_cycle
from odds.models import MarketOddsCurrent

from ..desk import cycle
from .driving import IN_A_BROWSER, fill_in_login

pytestmark = IN_A_BROWSER
KEY = "18"  # SportyBet's over/under: many lines, two outcomes


def a_market_that_nobody_mapped():
    """An override of the built-in over/under that does not know SportyBet's key; what it was before."""
    definition = mapping_cache.lookup("sportybet", KEY)[0].definition
    services.create_mapping(
        canonical_id=definition.canonical_id, values={"sportybet_id": None}, user="setup", reason="SportyBet renamed it"
    )
    return definition


def rows_of(definition):
    return MarketOddsCurrent.objects.filter(bookmaker_slug="sportybet", betpawa_market_id=definition.betpawa_id)


def test_a_trader_hears_of_a_market_maps_it_by_keyboard_and_takes_it_back(demo, sit_down):
    demo.freeze()
    definition = a_market_that_nobody_mapped()
    desk = sit_down("ada", is_signed_in=False)
    desk.goto("/admin/login/?next=/admin/")
    desk.do(lambda page: fill_in_login(page, "ada"))
    desk.see(".desk-status[data-state=connected]")
    run = cycle()
    assert "new unmapped markets" in desk.see(".desk-toast")
    assert not rows_of(definition).exists()
    after_cycle(run.pk)
    row = UnmappedMarketLog.objects.get(source="sportybet", external_market_id=KEY)
    assert (row.best_betpawa_id, row.best_band) == (definition.betpawa_id, "strong")

    desk.goto(f"/admin/mappings/unmappedmarketlog/focus/?tab=NEW&id={row.pk}")
    desk.see(".focus-candidate[aria-pressed=true]", definition.name)
    desk.is_heard()
    desk.press("y")
    answer = desk.see("[data-reason-dialog][open], [data-said]:has-text('Mapped')")
    if "reason" in answer:
        desk.see("[data-reason]:enabled")  # keys typed before it could be read answer nothing
        desk.press("1")
    assert definition.name in desk.see("[data-said]", "Mapped")
    row.refresh_from_db()
    assert (row.status, row.decided_by) == ("MAPPED", "ada")

    cycle()
    assert rows_of(definition).filter(unavailable_at=None).exists()
    row.refresh_from_db()
    assert row.status == "MAPPED"

    desk.press("z")
    desk.see("[data-said]", "Undone")
    row.refresh_from_db()
    assert row.status == "NEW"
    assert UserMarketMapping.objects.get(canonical_id=definition.canonical_id).sportybet_id is None
    assert DecisionBatch.objects.get(kind="undo").undoes.actor == "ada"

    desk.press("?")
    assert "Acknowledge" in desk.see(".desk-keys-help[open]")
