"""Pages of Django's and the queue library's own models, under our rights and theme."""

from oddsproject.desk import admin_people, admin_queue, admin_tokens

__all__ = ["admin_people", "admin_queue", "admin_tokens"]
