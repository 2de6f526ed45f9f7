"""The form of everything that goes over the socket: {type, timestamp, data}, pure functions."""

from datetime import UTC, datetime

UNMAPPED_ALERT = "unmapped_alert"


def utc_timestamp(at):
    """An aware datetime as the API and the socket write it: UTC, milliseconds, `Z`."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def build_envelope(type, data, *, at=None, seq=None):
    """One message. at: aware time, now when not given. seq: the notice's number; answers to a
    client's own message have none."""
    envelope = {"type": type, "timestamp": utc_timestamp(at or datetime.now(UTC)), "data": data}
    if seq is not None:
        envelope["seq"] = seq
    return envelope


def build_unmapped_alert(markets):
    """The envelope that tells people of new unmapped markets.

    markets: anything with source, external_market_id and market_name (queue rows, log entries).
    """
    markets = [
        {"source": m.source, "externalMarketId": m.external_market_id, "marketName": m.market_name} for m in markets
    ]
    return build_envelope(UNMAPPED_ALERT, {"count": len(markets), "markets": markets})
