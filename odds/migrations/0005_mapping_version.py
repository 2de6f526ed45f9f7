"""Which mappings made a row of odds, so that its history can be explained."""

from django.db import migrations, models


def _version(model, of_what):
    field = models.BigIntegerField(blank=True, help_text=f"Of the mappings that {of_what} mapped with.", null=True)
    return migrations.AddField(model, "mapping_version", field)


class Migration(migrations.Migration):
    dependencies = [("odds", "0004_packed_state")]

    operations = [
        _version("eventlink", "the newest observation was"),
        _version("marketoddscurrent", "these outcomes were"),
        _version("marketoddshistory", "these outcomes were"),
    ]
