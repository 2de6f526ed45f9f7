"""What a scrape compares with, packed per link, so that no index stands in the way of an update."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("odds", "0003_bookmakers")]

    operations = [
        migrations.AddField(
            "eventlink",
            "discovery_missed_at",
            models.DateTimeField(blank=True, help_text="Newest discovery without it.", null=True),
        ),
        migrations.AddField(
            "eventlink",
            "market_count",
            models.PositiveIntegerField(db_default=0, default=0, help_text="Known markets, withdrawn ones too."),
        ),
        migrations.AddField(
            "eventlink",
            "withdrawn_count",
            models.PositiveIntegerField(db_default=0, default=0, help_text="Markets that are withdrawn."),
        ),
        migrations.AddField(
            "eventlink",
            "due_count",
            models.PositiveIntegerField(db_default=0, default=0, help_text="Markets due for withdrawal."),
        ),
        migrations.RemoveIndex("marketoddscurrent", "idx_odds_current_missed"),
        migrations.CreateModel(
            name="LinkMarkets",
            fields=[
                (
                    "link",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="markets",
                        serialize=False,
                        to="odds.eventlink",
                    ),
                ),
                ("keys", models.BinaryField(help_text='MessagePack list of "market|line".')),
            ],
            options={"verbose_name_plural": "link markets", "db_table": "odds_link_markets"},
        ),
        migrations.DeleteModel("LinkFingerprints"),
        migrations.CreateModel(
            name="LinkFingerprints",
            fields=[
                (
                    "link",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="fingerprints",
                        serialize=False,
                        to="odds.eventlink",
                    ),
                ),
                (
                    "fingerprints",
                    models.BinaryField(help_text="64 bits each, in the order of the link's market keys."),
                ),
                (
                    "missing",
                    models.BinaryField(help_text='MessagePack map of "market|line" to misses and time of withdrawal.'),
                ),
            ],
            options={"verbose_name_plural": "link fingerprints", "db_table": "odds_link_fingerprints"},
        ),
        # Hashes do not compress, and a value of a few kB is read with its row rather than from TOAST.
        migrations.RunSQL(
            """
            ALTER TABLE odds_link_fingerprints ALTER COLUMN fingerprints SET STORAGE EXTERNAL;
            ALTER TABLE odds_link_fingerprints SET (toast_tuple_target = 8160, fillfactor = 50);
            ALTER TABLE odds_link_markets SET (toast_tuple_target = 8160);
            """,
            migrations.RunSQL.noop,
        ),
    ]
