"""camelCase outside, snake_case inside, field by field.

Only names of declared fields are turned; what is inside a JSON field is data and stays as it is.
"""

from django.db import models
from rest_framework import serializers


def camel(name):
    """`first_seen_at` → `firstSeenAt`."""
    head, *rest = name.split("_")
    return head + "".join(part[:1].upper() + part[1:] for part in rest)


class CamelCase:
    """Mixin before Serializer or ModelSerializer. camel_names: names that the rule gets wrong,
    {"bet9ja_key": "bet9jaKey"}. `validate_<field>` methods use the outside name."""

    camel_names = {}

    def get_fields(self):
        fields = {}
        for name, field in super().get_fields().items():
            outside = self.camel_names.get(name, camel(name))
            if outside in fields:
                raise TypeError(f"{type(self).__name__}: two fields are called {outside}.")
            if isinstance(field, serializers.SerializerMethodField):
                field.method_name = field.method_name or f"get_{name}"
            elif field.source is None and outside != name:
                field.source = name
            fields[outside] = field
        return fields


class Serializer(CamelCase, serializers.Serializer):
    pass


class ModelSerializer(CamelCase, serializers.ModelSerializer):
    @property
    def serializer_field_mapping(self):
        return {**serializers.ModelSerializer.serializer_field_mapping, models.DateTimeField: UtcDateTimeField}


class StrictInput:
    """Mixin before a serializer of a request body: a field that does not exist or may not be
    written is refused by its name, and nothing is changed."""

    def to_internal_value(self, data):
        if isinstance(data, dict):
            problems = {}
            for name in data:
                field = self.fields.get(name)
                if field is None:
                    problems[str(name)[:50]] = ["There is no such field."]
                elif field.read_only:
                    problems[name] = ["This field cannot be written."]
            if problems:
                raise serializers.ValidationError(problems)
        return super().to_internal_value(data)


class EmptyBody(StrictInput, Serializer):
    """Of a request that says all in its address: nothing, or an empty object."""


class StrictText(serializers.CharField):
    """Text must be sent as text: DRF would take a number for it."""

    def to_internal_value(self, data):
        if not isinstance(data, str):
            raise serializers.ValidationError("Text is needed.")
        return super().to_internal_value(data)


class StrictInteger(serializers.IntegerField):
    """A whole number must be sent as one: neither "3" nor 3.0 nor true."""

    def to_internal_value(self, data):
        if type(data) is not int:
            raise serializers.ValidationError("A whole number is needed.")
        return super().to_internal_value(data)


class StrictBoolean(serializers.BooleanField):
    def to_internal_value(self, data):
        if type(data) is not bool:
            raise serializers.ValidationError("true or false is needed.")
        return data


class UtcDateTimeField(serializers.DateTimeField):
    """Out: UTC with milliseconds and `Z`. In: ISO 8601; a time without a zone is refused."""

    def to_representation(self, value):
        from oddsproject.realtime.envelopes import utc_timestamp

        return None if value is None else utc_timestamp(value)

    def enforce_timezone(self, value):
        if value.tzinfo is None:
            raise serializers.ValidationError("The time needs a zone, for example Z.")
        return value
