"""What waits for a condition, and what a market is suggested to, is found without reading the queue;
kept fixtures are compressed once."""

from django.db import migrations, models
from django.db.models import Q

# The payload is compressed before it comes here: a second try costs time and gains nothing.
EXTERNAL = "ALTER TABLE price_fixture ALTER COLUMN payload SET STORAGE EXTERNAL"
EXTENDED = "ALTER TABLE price_fixture ALTER COLUMN payload SET STORAGE EXTENDED"


class Migration(migrations.Migration):
    dependencies = [("mappings", "0005_queue_order_by_filter")]

    operations = [
        migrations.AddIndex(
            model_name="unmappedmarketlog",
            index=models.Index(fields=["id"], name="idx_unmapped_conditions", condition=Q(ignore_until__isnull=False)),
        ),
        migrations.AddIndex(
            model_name="marketsuggestion",
            index=models.Index(fields=["betpawa_id"], name="idx_market_suggestion_target"),
        ),
        migrations.RunSQL(EXTERNAL, EXTENDED),
    ]
