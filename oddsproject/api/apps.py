from django.apps import AppConfig
from django.core.signals import got_request_exception
from django.db.models.signals import post_migrate


class ApiConfig(AppConfig):
    name = "oddsproject.api"
    label = "api"
    verbose_name = "API"

    def ready(self):
        from .database_away import note
        from .roles import grant_model_permissions

        # Here, for receivers are called in their order, and middleware connects its own later.
        got_request_exception.connect(note, dispatch_uid="database_away")

        # Model permissions exist only after every app has migrated, so they cannot be handed
        # out in a migration.
        post_migrate.connect(grant_model_permissions, dispatch_uid="api.grant_model_permissions")
