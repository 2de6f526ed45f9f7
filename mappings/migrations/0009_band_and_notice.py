"""The queue's order within a band of suggestions, and the rows of one notice."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # made beside the work: the queue stays in use
    dependencies = [("mappings", "0008_cheap_counting")]

    operations = [
        AddIndexConcurrently(
            model_name="unmappedmarketlog",
            index=models.Index(fields=["best_band", "tab", "-priority", "-id"], name="idx_unmapped_by_band"),
        ),
        AddIndexConcurrently(
            model_name="unmappedmarketlog",
            index=models.Index(
                condition=models.Q(("alerted_at__isnull", False)), fields=["alerted_at"], name="idx_unmapped_alerted"
            ),
        ),
    ]
