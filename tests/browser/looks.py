"""How a page looks to people, measured in the browser: contrast of every text, and whether it fits its width."""

from pathlib import Path

FAINT = Path(__file__).with_name("looks_faint.js").read_text()
WIDE = Path(__file__).with_name("looks_wide.js").read_text()


def faint_texts(page, dark):
    """Texts of the page, as it is, that are too faint: ["3.85 Overview <a …>"]."""
    page.evaluate("dark => document.documentElement.classList.toggle('dark', dark)", dark)
    return page.evaluate(FAINT)


def too_wide(page, width):
    """What sticks out of a window of that many CSS pixels (a zoom of 200 % halves them)."""
    page.set_viewport_size({"width": width, "height": 900})
    return page.evaluate(WIDE)
