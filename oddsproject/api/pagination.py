"""Pages of a list: {items, total, page, pageSize}."""

from functools import cache

from drf_spectacular.utils import inline_serializer
from rest_framework import serializers
from rest_framework.exceptions import ValidationError


def paginate(rows, query, *, total=None):
    """(the rows of the page, total). rows: a queryset, or any sliceable with len().

    Raises ValidationError for a page beyond the last one; page 1 always exists.
    """
    if total is None:
        total = rows.count() if hasattr(rows, "query") else len(rows)
    page, size = query["page"], query["page_size"]
    last = max(1, -(-total // size))
    if page > last:
        raise ValidationError({"page": [f"There is no page {page}; the last one is {last}."]})
    return list(rows[(page - 1) * size : page * size]), total


def page_body(items, total, query):
    return {"items": items, "total": total, "page": query["page"], "pageSize": query["page_size"]}


@cache  # one class per item, or the schema would see several of one name
def page_of(item_serializer):
    """The schema of a page of these items."""
    name = item_serializer.__name__.removesuffix("Serializer")
    return inline_serializer(
        f"{name}Page",
        {
            "items": item_serializer(many=True),
            "total": serializers.IntegerField(),
            "page": serializers.IntegerField(),
            "pageSize": serializers.IntegerField(),
        },
    )
