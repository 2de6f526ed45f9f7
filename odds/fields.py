"""Database fields of the odds tables."""

from decimal import Context, Decimal

from django.db import models


def normalised(value: Decimal) -> Decimal:
    """The same number without trailing zeros, exponent or minus zero: 2.50 → 2.5, 1E+1 → 10, -0 → 0."""
    return Decimal(format(value.normalize() + 0, "f"))


class LineField(models.DecimalField):
    """A market's line: exact, of any scale, stored and read without trailing zeros.

    A fixed scale would read 2.5 back as 2.500, and a line is also a text that people see.
    """

    context = Context(prec=28)

    def db_type(self, connection):
        return "numeric"

    def _check_decimal_places(self):
        return []

    def _check_max_digits(self):
        return []

    def _check_decimal_places_and_max_digits(self, **kwargs):
        return []

    def to_python(self, value):
        value = super().to_python(value)
        return value if value is None else normalised(value)

    def from_db_value(self, value, expression, connection):
        return value if value is None else normalised(value)
