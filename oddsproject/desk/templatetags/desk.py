"""The desk's formats for templates."""

from django import template

from oddsproject.desk import formats

register = template.Library()

for _name in ("lagos", "lagos_text", "age", "age_text", "span_text", "duration_text", "count_text", "foreign", "chips"):
    register.filter(_name, getattr(formats, _name))
register.filter("price", formats.price_text)
register.filter("percent", formats.percent_text)
register.filter("confidence", formats.confidence_text)
register.filter("points", formats.points_text)
register.filter("named_or_none", lambda names, key: names.get(key))
register.filter("named", lambda slug, names: names.get(slug, slug))
register.simple_tag(formats.badge, name="badge")
register.simple_tag(formats.symbol, name="symbol")
register.simple_tag(formats.chip, name="chip")
register.simple_tag(formats.share_text, name="share")


@register.simple_tag(takes_context=True)
def may(context, role):
    """Whether the signed-in person is at least a `role`."""
    from oddsproject.api.roles import has_role

    return has_role(context["request"].user, role)
