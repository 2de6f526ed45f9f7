"""manage.py suggest KEY --bookmaker SLUG: what a key may be, and why."""

from django.core.management.base import BaseCommand, CommandError

from mappings.models import UnmappedMarketLog
from mappings.suggestions.engine import suggest_now

WIDTH = 30


class Command(BaseCommand):
    help = "Prints the BetPawa markets that a bookmaker's key may be, each with its waterfall of reasons."

    def add_arguments(self, parser):
        parser.add_argument("key", help="the bookmaker's own key, as the queue shows it")
        parser.add_argument("--bookmaker", required=True, help="its slug")

    def handle(self, *, key, bookmaker, **options):
        row = UnmappedMarketLog.objects.filter(source=bookmaker, external_market_id=key).first()
        if row is None:
            raise CommandError(f"{bookmaker} {key} is not in the queue.")
        self.stdout.write(f"{bookmaker} {key}  {row.market_name or '(no name)'}  {row.tab.lower()}")
        offers = suggest_now(row)
        if not offers:
            self.stdout.write("BetPawa offers nothing like it.")
        for offer in offers:
            self._write(offer)

    def _write(self, offer):
        sure = f"{100 * offer.confidence:.1f} %"
        name = offer.canonical_id or "not mapped yet"
        self.stdout.write(f"\n{offer.rank}. {offer.name}  ({offer.betpawa_id}, {name})  {sure} {offer.band}")
        longest = max((abs(reason["points"]) for reason in offer.reasons), default=1) or 1
        for reason in offer.reasons:
            bar = ("+" if reason["points"] >= 0 else "-") * max(1, round(8 * abs(reason["points"]) / longest))
            self.stdout.write(f"   {reason['points']:+6.2f}  {bar:<8}  {reason['text']}")
        pairs = [f"{pair['text'] or '?'} = {pair['betpawaName']}{_flag(pair)}" for pair in offer.pairing]
        if pairs:
            self.stdout.write("   " + "; ".join(pairs[:12]) + (" …" if len(pairs) > 12 else ""))
        if offer.fixtures:
            self.stdout.write(f"   on {', '.join(fixture['eventKey'] for fixture in offer.fixtures[:5])}")


def _flag(pair):
    return f" ({pair['flag']})" if pair["flag"] else ""
