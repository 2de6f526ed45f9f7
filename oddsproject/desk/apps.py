from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps  # by module: a second AppConfig name here would be found


class DeskConfig(AppConfig):
    name = "oddsproject.desk"
    label = "desk"
    default = True


class DeskAdminConfig(admin_apps.AdminConfig):
    """Django's admin with our site as the default one."""

    default = False
    default_site = "oddsproject.desk.site.DeskAdminSite"
