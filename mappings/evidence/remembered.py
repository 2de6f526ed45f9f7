"""Fixtures unpacked a moment ago: previews look at the same few at every keystroke."""

from collections import OrderedDict
from collections.abc import Iterable
from threading import Lock

from mappings.evidence.samples import Fixture, readable
from mappings.models import PriceFixture

MOST_REMEMBERED = 24  # the fixtures of three source keys; half a megabyte each

_known: OrderedDict[tuple, Fixture] = OrderedDict()
_lock = Lock()


def fixtures_of(pks: Iterable[int]) -> list[Fixture]:
    """These fixtures as they are now, in this order; what is gone or unreadable is left out. One
    query, and one more where some were sampled since they were last unpacked here."""
    pks = list(pks)
    moments = PriceFixture.objects.filter(pk__in=pks).values_list("pk", "sampled_at")
    wanted = dict(moments.order_by("pk"))
    with _lock:
        found = {pk: _known[pk, at] for pk, at in wanted.items() if (pk, at) in _known}
    missing = [pk for pk in wanted if pk not in found]
    if missing:
        found |= {row.pk: fixture for row in PriceFixture.objects.filter(pk__in=missing) for fixture in readable([row])}
    asked = [(pk, found[pk]) for pk in pks if pk in found]
    with _lock:
        for pk, fixture in asked:
            # Under its own moment, should it have been sampled again between the two queries.
            _known[pk, fixture.sampled_at] = fixture
            _known.move_to_end((pk, fixture.sampled_at))
        while len(_known) > MOST_REMEMBERED:
            _known.popitem(last=False)
    return [fixture for _, fixture in asked]
