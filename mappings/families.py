"""Families of markets: what kind of question about what is counted ("over_under:corners"); those
about players are families of their own ("over_under:shots:player").

They decide "BetPawa starts to offer it" and "BetPawa could have a counterpart".
"""

import json
from collections.abc import Mapping

from django.db import connection
from django.db.models import Case, F, Func, QuerySet, TextField, Value, When
from django.db.models.functions import Concat

from mappings.cache import mapping_cache
from mappings.definitions import REFERENCE
from mappings.evidence.samples import unpack
from mappings.models import PriceFixture
from mappings.suggestions.coordinates import PLAYER, Coordinates, coordinates_of
from mappings.suggestions.markets import source_of_row

SEEN = """
SELECT DISTINCT ON (key) substr(key, %(length)s + 1), f.id
  FROM price_fixture AS f, unnest(f.keys) AS key
 WHERE starts_with(key, %(prefix)s)
 ORDER BY key, f.sampled_at DESC, f.id DESC
"""
NAME = """
UPDATE unmapped_market_log AS q
   SET family = left(n.family, 40), period = left(n.period, 20), subject = left(n.subject, 20),
       sibling_key = n.sibling_key
  FROM jsonb_to_recordset(%s::jsonb) AS n(id bigint, family text, period text, subject text, sibling_key text)
 WHERE q.id = n.id
"""


def family_of(coordinates: Coordinates) -> str:
    """ "over_under:corners", "" where the name says nothing."""
    if not coordinates.family:
        return ""
    player = f":{PLAYER}" if coordinates.subject == PLAYER else ""
    return f"{coordinates.family}:{coordinates.statistic}{player}"


# The same of a queue row, as an expression: its sibling key is bookmaker:family:statistic:rest.
_STATISTIC = Func(F("sibling_key"), Value(":"), Value(3), function="split_part", output_field=TextField())
_PLAYER = Case(When(subject=PLAYER, then=Value(f":{PLAYER}")), default=Value(""), output_field=TextField())
ROW_FAMILY = Case(
    When(family="", then=Value("")),
    default=Concat(F("family"), Value(":"), _STATISTIC, _PLAYER, output_field=TextField()),
    output_field=TextField(),
)


def betpawa_families() -> dict[str, list[str]]:
    """{family: BetPawa's market ids in it}: of the mappings in force, and of what BetPawa was seen
    to offer on the fixtures that are kept. Two queries, and the fixtures with unmapped markets."""
    mapping_cache.refresh()
    families: dict[str, set[str]] = {}
    known = set()
    for definition in mapping_cache.snapshot.definitions:
        if definition.betpawa_id and definition.betpawa_id not in known:
            known.add(definition.betpawa_id)
            texts = [outcome.texts[REFERENCE] for outcome in definition.outcomes if REFERENCE in outcome.texts]
            _add(families, definition.betpawa_id, definition.name, texts)
    for key, market in _seen_beyond(known).items():
        _add(families, key, market.name, [outcome.text for outcome in market.outcomes])
    return {family: sorted(ids) for family, ids in sorted(families.items()) if family}


def ids_in(families: Mapping[str, list[str]], family: str) -> list[str]:
    """The ids of a family; of all its statistics where it names none ("over_under")."""
    if ":" in family:
        return families.get(family, [])
    return sorted(id for name, ids in families.items() if name.partition(":")[0] == family for id in ids)


def name_families(rows: QuerySet):
    """Read family, period, subject and siblings from the names of rows that have none of it yet."""
    unread = rows.filter(family="", sibling_key="").only(
        "source", "external_market_id", "market_name", "rules_text", "sample_outcomes"
    )
    read = [{"id": row.pk, **_columns(source_of_row(row).coordinates)} for row in unread.order_by("pk")]
    named = [columns for columns in read if columns["family"] or columns["sibling_key"]]
    if named:
        with connection.cursor() as cursor:
            cursor.execute(NAME, [json.dumps(named)])


def _columns(coordinates):
    return {name: getattr(coordinates, name) for name in ("family", "period", "subject", "sibling_key")}


def _add(families, key, name, texts):
    families.setdefault(family_of(coordinates_of(REFERENCE, key, name, tuple(texts))), set()).add(key)


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
