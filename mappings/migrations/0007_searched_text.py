"""What a search looks through gets a table of its own, which the queue's triggers keep: the trigram
index is written when a text changes, and not with every sighting.

Rows that are there already follow in the next migration; until then a search does not find them.
"""

import django.db.models.deletion
from django.db import migrations, models

TEXT = """
ALTER TABLE unmapped_market_text ADD CONSTRAINT unmapped_market_text_market_fk
    FOREIGN KEY (unmapped_id) REFERENCES unmapped_market_log (id) ON DELETE CASCADE;

CREATE FUNCTION unmapped_searched(name text, key text, rules text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT ' ' || upper(coalesce(name, '') || ' ' || key || ' ' || left(rules, 1000)) || ' '
$$;

CREATE FUNCTION unmapped_text_insert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO unmapped_market_text (unmapped_id, searched)
    SELECT n.id, unmapped_searched(n.market_name, n.external_market_id, n.rules_text) FROM new_rows AS n;
    RETURN NULL;
END $$;
CREATE TRIGGER unmapped_text_insert AFTER INSERT ON unmapped_market_log
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION unmapped_text_insert();

-- By row and not by statement, so that a sighting which changes no text costs the comparison alone.
CREATE FUNCTION unmapped_text_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO unmapped_market_text (unmapped_id, searched)
    VALUES (NEW.id, unmapped_searched(NEW.market_name, NEW.external_market_id, NEW.rules_text))
    ON CONFLICT (unmapped_id) DO UPDATE SET searched = excluded.searched;
    RETURN NULL;
END $$;
CREATE TRIGGER unmapped_text_update AFTER UPDATE ON unmapped_market_log
    FOR EACH ROW WHEN ((OLD.market_name, OLD.external_market_id, OLD.rules_text)
                       IS DISTINCT FROM (NEW.market_name, NEW.external_market_id, NEW.rules_text))
    EXECUTE FUNCTION unmapped_text_update();
"""
TEXT_REVERSE = """
DROP TRIGGER unmapped_text_update ON unmapped_market_log;
DROP FUNCTION unmapped_text_update();
DROP TRIGGER unmapped_text_insert ON unmapped_market_log;
DROP FUNCTION unmapped_text_insert();
DROP FUNCTION unmapped_searched(text, text, text);
ALTER TABLE unmapped_market_text DROP CONSTRAINT unmapped_market_text_market_fk;
"""


class Migration(migrations.Migration):
    dependencies = [("mappings", "0006_conditions_and_payloads")]

    operations = [
        migrations.CreateModel(
            name="UnmappedMarketText",
            fields=[
                (
                    "market",
                    models.OneToOneField(
                        db_column="unmapped_id",
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="text",
                        serialize=False,
                        to="mappings.unmappedmarketlog",
                    ),
                ),
                ("searched", models.TextField()),
            ],
            options={
                "verbose_name": "text of an unmapped market",
                "db_table": "unmapped_market_text",
                "default_permissions": (),
            },
        ),
        migrations.RunSQL(TEXT, TEXT_REVERSE),
    ]
