"""Live notices: rows first, messages second.

`publish` writes a notice in the caller's transaction; the dispatcher process sends what has
committed to the channel layer; the consumer hands it to browsers, and re-reads the table whenever
a sequence number says that something is missing.
"""

from .envelopes import build_unmapped_alert
from .outbox import publish, publish_all

__all__ = ["build_unmapped_alert", "publish", "publish_all"]
