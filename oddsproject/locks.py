"""Every 64-bit advisory lock of the project, in one place: two uses of one number block each other.

(The slots of scraping/slot_store.py live in PostgreSQL's other key space, of two 32-bit numbers.)
"""

from enum import IntEnum, unique

_OURS = 0x6F646473_0000  # "odds": other programs in the same database hold other numbers


@unique
class AdvisoryLock(IntEnum):
    PUBLISH_NOTICE = _OURS + 1  # notices get their numbers in commit order
    DISPATCH_NOTICES = _OURS + 2  # one dispatcher at a time
    UPSERT_EVENTS = _OURS + 3  # two discoveries do not make one tournament or event twice
    AFTER_CYCLE = _OURS + 4  # the mapping desk takes in one cycle at a time
    AUDIT_PRICES = _OURS + 5  # one price check of all mappings at a time
    CHANGE_MAPPINGS = _OURS + 6  # people's changes of mappings, one after another
