"""What the processes of the stack tell one another through the cache."""

from django.core.cache import cache

# {host: aware UTC time of its last acknowledged task}; two hosts that write at once lose one beat, not more.
CANARY_KEY = "stack:canary"
CANARY_KEPT_SECONDS = 24 * 3600


def last_beats():
    """{host name: aware UTC time when a task last went through its cluster}. Raises RedisError."""
    return cache.get(CANARY_KEY) or {}
