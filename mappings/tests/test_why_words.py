"""Codes are shown in words, every one of them."""

from mappings.errors import ALL_CODES
from mappings.suggestions.features import FEATURES
from mappings.why_words import REASONS, WHY, why_words


def test_every_code_and_every_reason_has_words():
    assert set(WHY) == set(ALL_CODES) and set(REASONS) == {family for _, family in FEATURES}
    assert not any("_" in words or words.isupper() for words in (*WHY.values(), *REASONS.values()))
    assert why_words("SOMETHING_ELSE") == "something else" and why_words("") == ""
