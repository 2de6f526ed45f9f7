"""The queue's pages as a test asks for them and reads them."""

from mappings.models import UnmappedMarketLog

QUEUE = "/admin/mappings/unmappedmarketlog/"
DECIDE = QUEUE + "decide/"


def said(answer):
    """What the page says about the decision before it."""
    told = answer.context.get("said") or {}
    return " ".join([*(str(message) for message in answer.context["messages"]), told.get("words", ""),
                     *told.get("details", ())])  # fmt: skip


def statuses():
    return dict(UnmappedMarketLog.objects.order_by("pk").values_list("external_market_id", "status"))


def decide(client, decision, rows, follow=True, **more):
    sent = {"decision": decision, "ids": [row.pk for row in rows], "next": QUEUE, **more}
    return client.post(DECIDE, sent, follow=follow)


def names(answer):
    return [line.name for line in answer.context["lines"]]
