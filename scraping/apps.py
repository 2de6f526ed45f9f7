from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ScrapingConfig(AppConfig):
    name = "scraping"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        from mappings.ports import register_stored_odds
        from scraping.schedules import ensure_schedules
        from scraping.stored_odds import StoredOddsHere
        from scraping.suggestion_data import register_datasets

        post_migrate.connect(ensure_schedules, sender=self)
        register_stored_odds(StoredOddsHere())
        register_datasets()
