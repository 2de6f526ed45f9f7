"""Dates and times in the admin's own columns and fields, as `oddsproject.desk.formats` writes them."""

DATE_FORMAT = SHORT_DATE_FORMAT = "D j M Y"
TIME_FORMAT = "H:i"
DATETIME_FORMAT = SHORT_DATETIME_FORMAT = "D j M Y, H:i T"
