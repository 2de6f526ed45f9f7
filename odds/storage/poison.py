"""A batch that the database refused: find the markets at fault, store everything else."""

from collections.abc import Callable

import msgspec
from django.db import DataError, IntegrityError, transaction

from odds.caching.pair_comparison import text_of_key
from odds.storage.records import MarketWriteBatch, ObservedMarkets, SetAsideMarket, WriteResult

# What the database says when the data, and not the moment, is at fault.
REFUSED_DATA = (DataError, IntegrityError)

Store = Callable[[MarketWriteBatch], WriteResult]


class _OnlyTried(Exception):
    """Ends an attempt that must leave no trace."""


def store_without_poison(batch: MarketWriteBatch, store: Store) -> WriteResult:
    """Store answer by answer, in one transaction; of those refused, all but the markets at fault.

    store: stores a batch or raises one of REFUSED_DATA, leaving nothing behind. The markets at
    fault come back in `set_aside`, and their absence is not taken for a withdrawal.
    """
    total = WriteResult()
    with transaction.atomic():
        for answer in sorted(batch.markets, key=lambda each: (each.event_id, each.bookmaker_slug, each.moment)):
            try:
                total.add(store(_only(batch, answer)))
            except REFUSED_DATA:
                total.add(_store_around(batch, answer, store))
    return total


def _store_around(batch, answer: ObservedMarkets, store) -> WriteResult:
    poison = _find_poison(batch, answer, answer.markets, store)
    bad = {text_of_key(key) for key, _ in poison}
    cleaned = msgspec.structs.replace(
        answer,
        markets=tuple(market for market in answer.markets if text_of_key(_key(market)) not in bad),
        unreadable_keys=(*answer.unreadable_keys, *(key for key, _ in poison)),
    )
    result = store(_only(batch, cleaned))
    result.set_aside += [
        SetAsideMarket(
            bookmaker_slug=answer.bookmaker_slug,
            event_id=answer.event_id,
            external_id="",
            market_key=text_of_key(key)[:100],
            reason="REFUSED_BY_DATABASE",
            detail=detail[:1000],
        )
        for key, detail in poison
    ]
    return result


def _find_poison(batch, answer, markets, store) -> list[tuple]:
    """[(key, what the database says)] of the markets that it refuses, by halving."""
    error = _try(_only(batch, msgspec.structs.replace(answer, markets=markets, complete=False)), store)
    if error is None:
        return []
    if len(markets) <= 1:
        return [(_key(market), error) for market in markets]
    middle = len(markets) // 2
    return _find_poison(batch, answer, markets[:middle], store) + _find_poison(batch, answer, markets[middle:], store)


def _try(batch, store) -> str | None:
    """Store and undo; returns what the database had against it."""
    try:
        with transaction.atomic():
            store(batch)
            raise _OnlyTried
    except _OnlyTried:
        return None
    except REFUSED_DATA as error:
        return str(error)


def _only(batch, answer):
    return msgspec.structs.replace(batch, markets=(answer,))


def _key(market):
    return market.betpawa_market_id, market.line
