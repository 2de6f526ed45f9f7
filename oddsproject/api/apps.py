from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ApiConfig(AppConfig):
    name = "oddsproject.api"
    label = "api"
    verbose_name = "API"

    def ready(self):
        from .roles import grant_model_permissions

        # Model permissions exist only after every app has migrated, so they cannot be handed
        # out in a migration.
        post_migrate.connect(grant_model_permissions, dispatch_uid="api.grant_model_permissions")
