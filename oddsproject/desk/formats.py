"""How the desk writes times, ages, durations, counts and states. HTML is made by format_html only."""

from datetime import UTC, timedelta

from django.utils import timezone
from django.utils.html import format_html, format_html_join

DASH = "–"
NBSP = "\u00a0"
TONES = ("good", "bad", "warn", "info", "calm")


def lagos_text(at):
    """An aware time as people read it: "Fri 21 Nov 2026, 20:00 WAT". A dash for None."""
    if at is None:
        return DASH
    local = timezone.localtime(at)
    return f"{local:%a} {local.day} {local:%b %Y, %H:%M %Z}"


def lagos_short(at):
    """A coming kick-off in a list: "Sat 21 Nov, 20:00 WAT", with the rest in the title."""
    if at is None:
        return DASH
    local = timezone.localtime(at)
    day, clock = f"{local:%a} {local.day} {local:%b}", f"{local:%H:%M %Z}"
    text = f"{day.replace(' ', NBSP)}, {clock.replace(' ', NBSP)}"
    return format_html('<time datetime="{}" title="{}">{}</time>', at.isoformat(), _utc_text(at), text)


def lagos(at):
    """The same as a <time> element with the UTC instant in its title."""
    if at is None:
        return DASH
    return format_html('<time datetime="{}" title="{}">{}</time>', at.isoformat(), _utc_text(at), lagos_text(at))


def age_text(at, now=None):
    """How long ago (or in how long), in one unit: "12 s ago", "in 3 h". A dash for None."""
    if at is None:
        return DASH
    seconds = ((now or timezone.now()) - at).total_seconds()
    words = span_text(abs(seconds))
    return f"{words} ago" if seconds >= 0 else f"in {words}"


def age(at, now=None):
    """The same as a <time> element that live.js keeps counting; the title says when that was."""
    if at is None:
        return DASH
    return format_html(
        '<time class="desk-age" datetime="{}" data-age title="{}">{}</time>',
        at.isoformat(),
        lagos_text(at),
        age_text(at, now),
    )


def span_text(seconds):
    """A length of time in its largest fitting unit."""
    if seconds is None:
        return DASH
    if isinstance(seconds, timedelta):
        seconds = seconds.total_seconds()
    if seconds < 60:
        return f"{int(seconds)} s"
    if seconds < 3600:
        return f"{int(seconds // 60)} min"
    if seconds < 48 * 3600:
        return f"{int(seconds // 3600)} h"
    return f"{int(seconds // 86400)} d"


def duration_text(seconds):
    """How long something took: "0.8 s", "42 s", "3 min 05 s". A dash for None."""
    if seconds is None:
        return DASH
    if seconds < 10:
        return f"{seconds:.1f}{NBSP}s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes == 0:
        return f"{rest}{NBSP}s"
    hours, minutes = divmod(minutes, 60)
    words = (hours, "h", f"{minutes:02d}", "min") if hours else (minutes, "min", f"{rest:02d}", "s")
    return NBSP.join(map(str, words))


def count_text(number):
    """A whole number in groups of three: 12,345 is hard to misread."""
    return DASH if number is None else f"{number:,}"


def price_text(price):
    """A price with two decimals at least, so that columns line up: 2 → "2.00", 1.125 → "1.125"."""
    whole, dot, rest = str(price).partition(".")
    return f"{whole}.{rest:0<2}" if whole.isdecimal() and (rest.isdecimal() or not dot) else str(price)


def percent_text(share):
    """A share of one in whole percent: 0.953 → "95 %". A dash for None."""
    return DASH if share is None else f"{100 * share:.0f}{NBSP}%"


def confidence_text(confidence):
    """How sure a suggestion is, in whole percent; 99 at most, for nothing that is worked out is certain."""
    return DASH if confidence is None else percent_text(min(confidence, 0.99))


def points_text(share):
    """A small share in percentage points, two digits that say something: 0.00412 → "0.41"."""
    return DASH if share is None else f"{100 * share:.2f}{NBSP}points"


def share_text(part, whole):
    """part of whole in percent, a dash when there is no whole."""
    return DASH if not whole else f"{100 * part / whole:.1f}{NBSP}%"


def badge(text, icon, tone="calm", title=""):
    """A state: icon and words, the colour only repeats them. icon: a Material Symbols name."""
    if tone not in TONES:
        raise ValueError(f"Unknown tone {tone!r}")
    return format_html('<span class="desk-badge desk-{}" title="{}">{}{}</span>', tone, title, symbol(icon), text)


def symbol(icon):
    return format_html('<span class="material-symbols-outlined desk-icon" aria-hidden="true">{}</span>', icon)


def foreign(text):
    """Text of a bookmaker: escaped, on one line, its writing direction kept to itself."""
    return format_html("<bdi>{}</bdi>", DASH if text in (None, "") else text)


def chips(pairs):
    """Outcomes with their prices: [(text, price or "")]. A long text is cut, a price never; the title has both."""
    if not pairs:
        return DASH
    return format_html(
        '<span class="desk-chips">{}</span>', format_html_join("", "{}", ((chip(*one),) for one in pairs))
    )


def chip(text, price="", title=""):
    """One outcome. title: what to read on pointing at it, when that is not its own text and price."""
    if price in ("", None):
        return format_html('<span class="desk-chip" title="{}"><bdi>{}</bdi></span>', title or text, text)
    price = price_text(price)
    return format_html(
        '<span class="desk-chip desk-priced" title="{}"><bdi>{}</bdi><b>{}</b></span>',
        title or f"{text} at {price}",
        text,
        price,
    )


def _utc_text(at):
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
