"""The bookmakers' names, for apps that do not know the odds app."""

from django.apps import apps


def bookmaker_names():
    """{slug: name} in the order of lists and columns. One query."""
    return dict(apps.get_model("odds", "Bookmaker").objects.values_list("slug", "name"))
