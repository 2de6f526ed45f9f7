"""CSV for spreadsheets: a line at a time, and what would open a formula there stays text."""

import csv
from collections.abc import Iterable

FORMULAS = ("=", "+", "-", "@", "\t", "\r")


def csv_line(values: Iterable) -> str:
    """One line with its end."""
    return csv.writer(_Echo()).writerow(map(_cell, values))


def _cell(value):
    text = str(value)
    return f"'{text}" if text.startswith(FORMULAS) else text


class _Echo:
    """Where csv writes to, and what it wrote."""

    def write(self, text):
        return text
