"""The queue's order within each filter, so that a page costs the same wherever in it a filter's rows lie."""

from django.db import migrations, models

# The one on source keeps the name that it has always had.
BY = {"source": "source", "by_family": "family", "by_period": "period", "by_error": "error_code"}


class Migration(migrations.Migration):
    dependencies = [("mappings", "0004_decision_triggers")]

    operations = [
        migrations.RemoveIndex(model_name="unmappedmarketlog", name="idx_unmapped_source"),
        *[
            migrations.AddIndex(
                model_name="unmappedmarketlog",
                index=models.Index(fields=[column, "tab", "-priority", "-id"], name=f"idx_unmapped_{name}"),
            )
            for name, column in BY.items()
        ],
        migrations.AddIndex(
            model_name="unmappedmarketlog", index=models.Index(fields=["-event_count"], name="idx_unmapped_events")
        ),
    ]
