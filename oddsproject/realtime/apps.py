from django.apps import AppConfig


class RealtimeConfig(AppConfig):
    name = "oddsproject.realtime"
    label = "realtime"
    verbose_name = "Live notices"
