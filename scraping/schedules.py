"""The queue's schedules, made after every migrate: missing ones come back, changed ones are reset."""

SCHEDULES = {
    "scrape tick": {"func": "scraping.tasks.tick", "schedule_type": "I", "minutes": 1},
    "scrape watchdog": {"func": "scraping.tasks.watchdog", "schedule_type": "I", "minutes": 1},
    "housekeeping": {"func": "scraping.tasks.housekeeping", "schedule_type": "H"},
    "mapping desk": {"func": "mappings.tasks.every_minute", "schedule_type": "I", "minutes": 1},
    # Lagos time, as everything that people see.
    "price check": {"func": "mappings.tasks.nightly", "schedule_type": "C", "cron": "20 3 * * *"},
}


def ensure_schedules(apps=None, using="default", **kwargs):
    """Make the rows the desk needs. Harmless to repeat; rows of others are left alone."""
    from django.db import connections
    from django_q.models import Schedule

    if Schedule._meta.db_table not in connections[using].introspection.table_names():
        return
    for name, fields in SCHEDULES.items():
        Schedule.objects.using(using).update_or_create(name=name, defaults={**fields, "repeats": -1})
