"""What the bands of suggestions mean, for the help (?) of every page that shows them."""

from django import template

from mappings.why_words import BANDS

register = template.Library()


@register.inclusion_tag("desk/bands_help.html")
def bands_help():
    return {"meanings": BANDS.values()}
