"""Why a bookmaker's answer could not be used, sorted by what the caller does next.

code: stable upper-case word for rows and states. bookmaker: slug. detail: a sentence for people,
bounded; it may quote the bookmaker, so treat it as hostile text.
"""

MAX_DETAIL = 1000
MAX_SAMPLE_BYTES = 64 * 1024


class FetchError(Exception):
    """No usable answer; each subclass says what to do about it."""

    default_code = "FETCH_FAILED"

    def __init__(self, code="", *, bookmaker="", detail="", retry_after=None, sample=b"", status=None):
        self.code = code or self.default_code
        self.bookmaker = bookmaker
        self.detail = str(detail).replace("\x00", "")[:MAX_DETAIL]
        self.retry_after = retry_after
        self.sample = bytes(sample[:MAX_SAMPLE_BYTES])
        self.status = status
        super().__init__(self.code, self.bookmaker, self.detail)

    def __str__(self):
        return f"{self.bookmaker or 'bookmaker'}: {self.code}: {self.detail}"

    def __reduce__(self):
        return _rebuild, (type(self), self.__dict__.copy())


def _rebuild(kind, state):
    """Exceptions cross process borders in pickles; keyword-only arguments need this help."""
    error = kind.__new__(kind)
    Exception.__init__(error, state["code"], state["bookmaker"], state["detail"])
    error.__dict__.update(state)
    return error


class Unavailable(FetchError):
    """The bookmaker cannot answer now: ask again later, not before `retry_after` seconds when given."""

    default_code = "UNAVAILABLE"


class Blocked(FetchError):
    """The bookmaker refuses us (403, challenge page, redirect): back off, a person looks at `sample`."""

    default_code = "BLOCKED"


class PayloadChanged(FetchError):
    """The answer is not what this bookmaker's decoder knows: stop trusting it and tell a person."""

    default_code = "PAYLOAD_CHANGED"


class EventGone(FetchError):
    """The bookmaker says, and said it again when asked once more, that it has no such event."""

    default_code = "EVENT_GONE"


class AddressRefused(FetchError):
    """The configured address is not on the deployment's allow-list: nothing is sent until an operator mends it."""

    default_code = "ADDRESS_REFUSED"
