"""The desk's words for what is stored as a code, for templates."""

from django import template

from mappings.batch_words import outcome_words
from mappings.why_words import flag_words, why_words

register = template.Library()
register.filter("why_words", why_words)
register.filter("flag_words", flag_words)
register.filter("outcome_words", outcome_words)
