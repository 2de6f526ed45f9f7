"""In a real browser, on every page of the desk and with hostile names: text can be read in light and dark, and
no page is wider than its window, also at a zoom of 200 %."""

from datetime import timedelta

from django.urls import reverse
from django.utils import timezone

from mappings import ignore_rules, services
from mappings.models import CoverageSample, DecisionBatch, MarketSuggestion, UnmappedMarketLog
from mappings.tests.preview_builders import keep_fixture, yes_no
from odds.models import Event, MarketOddsCurrent
from tests.admin_rows import HOSTILE, make_everything, make_odds, make_unmapped

from .driving import IN_A_BROWSER
from .looks import faint_texts, too_wide

pytestmark = IN_A_BROWSER
WIDTHS = (1440, 1280, 720)  # 720: 1440 at a zoom of 200 %
ALIKE = ("django_q", "auth/group", "scrapeerror", "setasideitem", "settingschange")  # lists as others, of plain words
LONG = "W" * 255
ARABIC = "مباراة \u202e" + "ركنية" * 12
EMOJI = "⚽🏴󠁧󠁢󠁥󠁮󠁧󠁿👩‍👩‍👧‍👦" * 9
NAMES = (LONG, ARABIC, EMOJI, HOSTILE, f"<b>{'x' * 200}</b>")


def outcomes(name):
    return [{"text": text, "key": text, "price": "1.85", "specifier": ""} for text in (name[:200], "No")]


def a_desk_full_of_hostile_names():
    """Something on every page; {words: the address of a page that the sidebar does not have}."""
    for number in range(2):
        make_everything(number)
    event = Event.objects.first()
    Event.objects.filter(pk=event.pk).update(home_team=LONG[:200], away_team=ARABIC[:200])
    make_odds(event, slug="sportybet", betpawa_market_name=LONG, betpawa_market_id="77",
              outcomes=[{"name": LONG[:100], "odds": "2.1", "is_active": True}])  # fmt: skip
    MarketOddsCurrent.objects.update(betpawa_market_name=LONG)
    keep_fixture(77, betpawa=[])
    rows = [
        make_unmapped(100 + n, market_name=name, sample_outcomes=outcomes(name), rules_text=name, family="over_under",
                      sibling_key="same", event_count=3, best_name=name[:200], best_band="likely", best_confidence=0.7)
        for n, name in enumerate(NAMES)
    ]  # fmt: skip
    for row in rows:
        for rank, band in enumerate(("strong", "likely", "weak"), 1):
            MarketSuggestion.objects.create(
                unmapped=row, rank=rank, betpawa_id=f"{rank}", canonical_id="btts_ft", name=row.market_name, score=1,
                confidence=0.9, band=band, reasons=[{"family": "name", "points": 2.0, "text": row.market_name}],
                pairing=[{"canonicalId": "yes", "betpawaName": LONG, "text": row.market_name, "flag": "swapped"}],
            )  # fmt: skip
    values = {"name": LONG, "betpawa_id": "776", "sportybet_id": "900", "outcome_mapping": yes_no()}
    mapping = services.create_mapping(canonical_id="x" * 100, values=values, user="ada").mapping
    services.create_mapping(canonical_id="clash", values=values | {"name": HOSTILE}, user="ada")
    services.acknowledge(ids=[rows[0].pk], user="ada", reason=LONG)
    services.ignore(ids=[rows[1].pk], user="ada", reason=ARABIC)
    services.snooze(ids=[rows[2].pk], user="ada", until=timezone.now() + timedelta(days=1))
    ignored = ignore_rules.create_rule(
        name=LONG[:100], conditions={"name_contains": "W" * 100}, user="ada", reason=LONG
    )
    ignore_rules.update_rule(id=ignored.rule.pk, changes={"is_active": False}, user="ada")
    CoverageSample.objects.create(
        bookmaker_slug="sportybet", types_seen=9, types_mapped=4, markets_seen=90, markets_mapped=60
    )
    row, batch = UnmappedMarketLog.objects.get(market_name=LONG), DecisionBatch.objects.filter(kind="acknowledge").get()
    queue = reverse("admin:mappings_unmappedmarketlog_changelist")
    return [
        *(f"{queue}?tab={tab}" for tab in ("ACKNOWLEDGED", "IGNORED")),
        *(reverse("admin:mappings_unmappedmarketlog_change", args=[one.pk]) for one in (rows[0], rows[3])),
        f"{reverse('admin:mappings_focus')}?tab=ACKNOWLEDGED&id={row.pk}",
        f"{reverse('admin:mappings_map')}?ids={','.join(str(one.pk) for one in rows)}",
        f"{reverse('admin:mappings_map')}?ids={row.pk}&target=btts_ft",
        f"{reverse('admin:mappings_map')}?ids={row.pk}&new=1",
        reverse("admin:mappings_detail", args=[mapping.canonical_id]),
        reverse("admin:mappings_switch", args=[mapping.canonical_id]),
        reverse("admin:mappings_usermarketmapping_change", args=[mapping.pk]),
        reverse("admin:mappings_rule", args=[ignored.rule.pk]),
        reverse("admin:mappings_batch", args=[batch.pk]) + "?undo=1",
        reverse("admin:mappings_take_back") + "?actor=ada&hours=1",
        reverse("admin:odds_event_change", args=[event.pk]),
        reverse("admin:odds_market_history", args=[event.pk, "77"]),
    ]


def test_every_page_can_be_read_in_light_and_dark_and_fits_its_window(sit_down):
    addresses = a_desk_full_of_hostile_names()
    desk = sit_down("ada", "lead")
    desk.goto("/admin/")
    links = "[...document.querySelectorAll('#nav-sidebar-apps a')].map((link) => link.pathname + link.search)"
    led_to = [link for link in desk.do(lambda page: page.evaluate(links)) if not any(one in link for one in ALIKE)]
    pages = list(dict.fromkeys([*led_to, *addresses]))
    wrong = {}

    def look(page, address):
        page.set_viewport_size({"width": WIDTHS[0], "height": 900})
        page.goto(desk.base + address, wait_until="domcontentloaded")
        if "focus" in address:
            page.locator(".focus-name").wait_for()
        found = [("dark" if dark else "light", text) for dark in (False, True) for text in faint_texts(page, dark)]
        return found + [(width, text) for width in WIDTHS for text in too_wide(page, width)]

    for address in pages:
        found = desk.do(lambda page, address=address: look(page, address))
        if found:
            wrong[address] = found
    assert wrong == {}, "\n".join(f"{address}: {one}" for address, found in wrong.items() for one in found)
