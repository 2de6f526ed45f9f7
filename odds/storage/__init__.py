"""The only way into the odds tables: whole answers in, changes and their history out."""

from odds.storage.events import EventIds, LinkProblem, upsert_events
from odds.storage.records import (
    EventRecord,
    LinkRecord,
    MarketWriteBatch,
    ObservedMarkets,
    ReconcileResult,
    SetAsideMarket,
    WithdrawalResult,
    WriteResult,
)
from odds.storage.withdrawal import reconcile_discovery, withdraw_due
from odds.storage.write_handler import handle_market_write_batch
from odds.storage.write_queue import WriteQueue

__all__ = [
    "EventIds",
    "EventRecord",
    "LinkProblem",
    "LinkRecord",
    "MarketWriteBatch",
    "ObservedMarkets",
    "ReconcileResult",
    "SetAsideMarket",
    "WithdrawalResult",
    "WriteQueue",
    "WriteResult",
    "handle_market_write_batch",
    "reconcile_discovery",
    "upsert_events",
    "withdraw_due",
]
