"""The contract as a document, and the rule of names behind it."""

import re

import pytest
from django.urls import get_resolver
from drf_spectacular.generators import SchemaGenerator
from rest_framework import serializers as drf

from oddsproject.api.serializers import CamelCase, camel


def every_serializer():
    """All serializers that the API's views know, by walking the classes that exist."""
    get_resolver().url_patterns  # noqa: B018 (imports every api module)
    import oddsproject.api.urls  # noqa: F401

    found, waiting = [], [CamelCase]
    while waiting:
        for inner in waiting.pop().__subclasses__():
            waiting.append(inner)
            if inner.__module__.split(".")[-1] != "serializers" or inner.__name__ not in (
                "Serializer",
                "ModelSerializer",
            ):
                found.append(inner)
    return found


def test_every_outside_name_stands_for_one_inside_name_and_back():
    checked = 0
    for serializer_class in every_serializer():
        outside = list(serializer_class().fields)
        assert len(set(outside)) == len(outside)
        for name in outside:
            assert re.fullmatch(r"[a-z][a-zA-Z0-9]*", name), f"{serializer_class.__name__}.{name}"
            checked += 1
    assert checked > 50


@pytest.mark.parametrize(
    ("inside", "outside"),
    [("first_seen_at", "firstSeenAt"), ("id", "id"), ("bet9ja_key", "bet9jaKey"), ("runs_24h", "runs24h")],
)
def test_names_are_turned_by_one_rule(inside, outside):
    assert camel(inside) == outside


def test_two_fields_that_would_share_a_name_are_an_error():
    class Clash(CamelCase, drf.Serializer):
        a_b = drf.CharField()
        aB = drf.CharField()

    with pytest.raises(TypeError, match="two fields"):
        Clash().fields  # noqa: B018
    CamelCase.__subclasses__()  # the class dies with the test


def test_the_keys_of_data_are_not_touched():
    class Holder(CamelCase, drf.Serializer):
        some_data = drf.JSONField()

    assert Holder({"some_data": {"snake_key": 1}}).data == {"someData": {"snake_key": 1}}


@pytest.mark.django_db
def test_the_schema_has_every_address_once_and_no_warning(capsys):
    schema = SchemaGenerator().get_schema(request=None, public=True)
    assert "arning" not in capsys.readouterr().err
    assert "/api/scrape/runs" in schema["paths"]
    assert not [path for path in schema["paths"] if path.endswith("/")]
    operations = [op["operationId"] for item in schema["paths"].values() for op in item.values() if "operationId" in op]
    assert len(set(operations)) == len(operations)


def test_the_schema_says_how_each_address_refuses_and_what_a_deletion_answers():
    schema = SchemaGenerator().get_schema(request=None, public=True)
    operations = [op for item in schema["paths"].values() for op in item.values()]
    for operation in operations:
        (media,) = operation["responses"]["default"]["content"]
        assert media == "application/problem+json"
    assert {"title", "status", "code"} <= schema["components"]["schemas"]["Problem"]["properties"].keys()
    deletions = [item["delete"]["responses"] for item in schema["paths"].values() if "delete" in item]
    assert deletions and all("200" in responses for responses in deletions)
