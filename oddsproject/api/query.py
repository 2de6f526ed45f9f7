"""Query strings: every parameter is declared, and one that is not is an error that names it."""

from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from .serializers import Serializer

MAX_PAGE_SIZE = 100
MAX_PAGE = 1_000_000
MAX_LIST_ITEMS = 100


class Query(Serializer):
    """Base of a view's declared parameters."""


class PagedQuery(Query):
    page = serializers.IntegerField(min_value=1, max_value=MAX_PAGE, default=1)
    page_size = serializers.IntegerField(min_value=1, max_value=MAX_PAGE_SIZE, default=50)


class CommaList(serializers.ListField):
    """`?countries=a&countries=b` or `?countries=a,b`."""

    def __init__(self, **kwargs):
        super().__init__(max_length=MAX_LIST_ITEMS, **kwargs)

    def to_internal_value(self, data):
        return super().to_internal_value([item for text in data for item in text.split(",") if item])


def read_query(query_class, request):
    """The validated parameters, by their inside names. Raises ValidationError naming what is wrong."""
    given = {}
    query = query_class(data=given)
    problems = {}
    for name, values in request.query_params.lists():
        field = query.fields.get(name)
        if field is None:
            problems[name[:50]] = [f"There is no such parameter; there are: {', '.join(query.fields) or 'none'}."]
        elif len(values) > 1 and not isinstance(field, CommaList):
            problems[name] = ["This parameter may be given once."]
        else:
            # A plain dict: DRF would read an empty text in a query string as "not given".
            given[name] = values if isinstance(field, CommaList) else values[0]
    if problems:
        raise ValidationError(problems)
    query.is_valid(raise_exception=True)
    return query.validated_data
