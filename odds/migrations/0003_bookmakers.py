"""The three bookmakers, so that they exist on an empty database."""

from django.db import migrations

BOOKMAKERS = [
    ("betpawa", "BetPawa", 0, True),
    ("sportybet", "SportyBet", 1, False),
    ("bet9ja", "Bet9ja", 2, False),
]


def add_bookmakers(apps, schema_editor):
    bookmakers = apps.get_model("odds", "Bookmaker").objects
    for slug, name, position, is_reference in BOOKMAKERS:
        bookmakers.update_or_create(
            slug=slug, defaults={"name": name, "position": position, "is_reference": is_reference}
        )


class Migration(migrations.Migration):

    dependencies = [("odds", "0002_history")]

    operations = [migrations.RunPython(add_bookmakers, migrations.RunPython.noop)]
