"""Which families of markets BetPawa offers: what "BetPawa starts to offer it" and "BetPawa could
have a counterpart" are decided by."""

from django.db import connection

from mappings.cache import mapping_cache
from mappings.definitions import REFERENCE
from mappings.evidence.samples import unpack
from mappings.models import PriceFixture

SEEN = """
SELECT DISTINCT ON (key) substr(key, %(length)s + 1), f.id
  FROM price_fixture AS f, unnest(f.keys) AS key
 WHERE starts_with(key, %(prefix)s)
 ORDER BY key, f.sampled_at DESC, f.id DESC
"""


def betpawa_families() -> dict[str, set[str]]:
    """{family: BetPawa's market ids in it}: of the mappings in force, and of what BetPawa was seen
    to offer on the fixtures that are kept. Two queries and the fixtures that hold unmapped markets."""
    mapping_cache.refresh()
    families: dict[str, set[str]] = {}
    known = set()
    for definition in mapping_cache.snapshot.definitions:
        if definition.betpawa_id and definition.betpawa_id not in known:
            known.add(definition.betpawa_id)
            texts = [o.texts[REFERENCE] for o in definition.outcomes if REFERENCE in o.texts]
            families.setdefault(_family(definition.betpawa_id, definition.name, texts), set()).add(
                definition.betpawa_id
            )
    for key, market in _seen_beyond(known).items():
        texts = [outcome.text for outcome in market.outcomes]
        families.setdefault(_family(key, market.name or "", texts), set()).add(key)
    families.pop("", None)
    return families


def _seen_beyond(known):
    """{BetPawa id: a market as BetPawa sent it} of what no mapping names."""
    prefix = f"{REFERENCE}:"
    with connection.cursor() as cursor:
        cursor.execute(SEEN, {"prefix": prefix, "length": len(prefix)})
        missing = {key: fixture for key, fixture in cursor.fetchall() if key not in known}
    found = {}
    for row in PriceFixture.objects.filter(pk__in=set(missing.values())):
        sample = unpack(row).books.get(REFERENCE)
        for market in sample.markets if sample else ():
            if missing.get(market.key) == row.pk:
                found.setdefault(market.key, market)
    return found


def _family(key, name, texts):
    from mappings.suggestions.coordinates import coordinates_of

    return coordinates_of(REFERENCE, key, name, texts).family
