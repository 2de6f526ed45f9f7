"""The history of odds: a table partitioned by day, which Django's CreateModel cannot make."""

import odds.fields
import django.db.models.deletion
from django.db import migrations, models

CREATE = """
CREATE SEQUENCE market_odds_history_id_seq;

CREATE TABLE market_odds_history (
    -- A sequence rather than an identity column: a partition with an identity cannot be attached.
    id                bigint      NOT NULL DEFAULT nextval('market_odds_history_id_seq'),
    event_id          bigint      NOT NULL,
    bookmaker_slug    varchar(20) NOT NULL,
    betpawa_market_id varchar(50) NOT NULL,
    line              numeric,
    outcomes          jsonb       NOT NULL,
    is_available      boolean     NOT NULL DEFAULT true,
    unavailable_at    timestamptz,
    captured_at       timestamptz NOT NULL,
    PRIMARY KEY (id, captured_at)
) PARTITION BY RANGE (captured_at);

ALTER SEQUENCE market_odds_history_id_seq OWNED BY market_odds_history.id;

CREATE INDEX idx_odds_history_market ON market_odds_history (event_id, betpawa_market_id);

-- A row whose day has no partition is kept here, and moved when its partition is made.
CREATE TABLE market_odds_history_default PARTITION OF market_odds_history DEFAULT;

-- The first days, so that a first scrape before the first maintenance run finds its partition.
DO $$
DECLARE
    first_day date := (now() AT TIME ZONE 'UTC')::date;
    day date;
BEGIN
    FOR offset_days IN 0..7 LOOP
        day := first_day + offset_days;
        EXECUTE format(
            'CREATE TABLE %I PARTITION OF market_odds_history FOR VALUES FROM (%L) TO (%L)',
            'market_odds_history_p' || to_char(day, 'YYYYMMDD'),
            to_char(day, 'YYYY-MM-DD') || ' 00:00:00+00',
            to_char(day + 1, 'YYYY-MM-DD') || ' 00:00:00+00'
        );
    END LOOP;
END
$$;

-- Append-only: fires once a statement on the table as a whole, so that inserting costs nothing and
-- maintenance, which works on partitions, can still move and drop them.
CREATE FUNCTION market_odds_history_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'market_odds_history is append-only: % refused', TG_OP USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER market_odds_history_append_only
    BEFORE UPDATE OR DELETE ON market_odds_history
    FOR EACH STATEMENT EXECUTE FUNCTION market_odds_history_is_append_only();
"""

DROP = """
DROP TABLE market_odds_history;
DROP FUNCTION market_odds_history_is_append_only();
"""


class Migration(migrations.Migration):

    dependencies = [("odds", "0001_tables")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(CREATE, DROP)],
            state_operations=[
                migrations.CreateModel(
                    name='MarketOddsHistory',
                    fields=[
                        ('id', models.BigAutoField(primary_key=True, serialize=False)),
                        ('bookmaker_slug', models.CharField(max_length=20)),
                        ('betpawa_market_id', models.CharField(max_length=50)),
                        ('line', odds.fields.LineField(blank=True, null=True)),
                        ('outcomes', models.JSONField()),
                        ('is_available', models.BooleanField(db_default=True, default=True)),
                        ('unavailable_at', models.DateTimeField(blank=True, null=True)),
                        ('captured_at', models.DateTimeField()),
                        ('event', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='odds_history', to='odds.event')),
                    ],
                    options={
                        'verbose_name': 'odds change',
                        'verbose_name_plural': 'odds history',
                        'db_table': 'market_odds_history',
                        'ordering': ['-captured_at', '-id'],
                    },
                ),
                migrations.AddIndex(
                    model_name='marketoddshistory',
                    index=models.Index(fields=['event', 'betpawa_market_id'], name='idx_odds_history_market'),
                ),
            ],
        ),
    ]
