"""Audit rows, row versions and the mapping version, made by the database itself.

Triggers on statements, not on rows: a bulk change of 20,000 mappings costs one INSERT … SELECT.
"""

from django.db import migrations

OUTCOMES_VALID = """
CREATE FUNCTION mappings_outcomes_valid(outcomes jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN jsonb_typeof(outcomes) <> 'array' THEN false ELSE (
        SELECT count(*) <= 1000
           AND coalesce(bool_and(jsonb_typeof(o) = 'object'
                                 AND jsonb_typeof(o -> 'canonical_id') = 'string'
                                 AND o ->> 'canonical_id' <> ''), true)
           AND count(DISTINCT o ->> 'canonical_id') = count(*)
           AND count(DISTINCT o ->> 'betpawa_name') = count(o ->> 'betpawa_name')
           AND count(DISTINCT lower(o ->> 'sportybet_desc')) = count(o ->> 'sportybet_desc')
           AND count(DISTINCT o ->> 'bet9ja_suffix') = count(o ->> 'bet9ja_suffix')
          FROM jsonb_array_elements(outcomes) AS o
    ) END
$$;
ALTER TABLE user_market_mappings
    ADD CONSTRAINT user_mappings_outcomes_are_valid CHECK (mappings_outcomes_valid(outcome_mapping)),
    ADD CONSTRAINT user_mappings_extra_keys_are_a_list CHECK (jsonb_typeof(extra_source_keys) = 'array'),
    ADD CONSTRAINT user_mappings_filters_are_an_object CHECK (jsonb_typeof(specifier_filters) = 'object');
"""
OUTCOMES_VALID_REVERSE = """
ALTER TABLE user_market_mappings
    DROP CONSTRAINT user_mappings_outcomes_are_valid,
    DROP CONSTRAINT user_mappings_extra_keys_are_a_list,
    DROP CONSTRAINT user_mappings_filters_are_an_object;
DROP FUNCTION mappings_outcomes_valid(jsonb);
"""

# The number comes from a sequence of its own, so that it never repeats, even after a TRUNCATE of
# the row; the row's lock puts changes in their commit order.
VERSION = """
CREATE SEQUENCE mapping_version_seq;
INSERT INTO mapping_version (id, version) VALUES (1, nextval('mapping_version_seq'));
CREATE FUNCTION mappings_bump_version() RETURNS void LANGUAGE sql AS $$
    INSERT INTO mapping_version AS v (id, version, changed_at)
    VALUES (1, nextval('mapping_version_seq'), now())
    ON CONFLICT (id) DO UPDATE SET version = nextval('mapping_version_seq'), changed_at = now()
$$;
CREATE FUNCTION mappings_row_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.id <> OLD.id THEN
        RAISE EXCEPTION 'The id of a mapping does not change.' USING ERRCODE = 'restrict_violation';
    END IF;
    NEW.version := OLD.version;
    NEW.updated_at := OLD.updated_at;
    IF NEW IS DISTINCT FROM OLD THEN
        NEW.version := OLD.version + 1;
        NEW.updated_at := statement_timestamp();
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER user_mappings_row_version BEFORE UPDATE ON user_market_mappings
    FOR EACH ROW EXECUTE FUNCTION mappings_row_version();
"""
VERSION_REVERSE = """
DROP TRIGGER user_mappings_row_version ON user_market_mappings;
DROP FUNCTION mappings_row_version();
DROP FUNCTION mappings_bump_version();
DELETE FROM mapping_version;
DROP SEQUENCE mapping_version_seq;
"""

AUDIT = """
CREATE FUNCTION mappings_actor() RETURNS text LANGUAGE sql STABLE AS $$
    SELECT left(nullif(current_setting('oddsproject.actor', true), ''), 100)
$$;
CREATE FUNCTION mappings_reason() RETURNS text LANGUAGE sql STABLE AS $$
    SELECT nullif(current_setting('oddsproject.reason', true), '')
$$;

CREATE FUNCTION mappings_audit_insert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO mapping_audit_log (mapping_id, canonical_id, action, new_value, reason, created_by)
    SELECT n.id, n.canonical_id, 'CREATE', to_jsonb(n), mappings_reason(),
           coalesce(mappings_actor(), n.created_by, left('database:' || session_user, 100))
      FROM new_rows AS n ORDER BY n.id;
    IF FOUND THEN
        PERFORM mappings_bump_version();
    END IF;
    RETURN NULL;
END $$;

-- Transition tables have no statistics: left alone, the planner joins 20,000 rows by nested loops.
CREATE FUNCTION mappings_audit_update() RETURNS trigger LANGUAGE plpgsql SET enable_nestloop = off AS $$
BEGIN
    INSERT INTO mapping_audit_log (mapping_id, canonical_id, action, old_value, new_value, reason, created_by)
    SELECT n.id, n.canonical_id,
           CASE WHEN n.is_active AND NOT o.is_active THEN 'ACTIVATE'
                WHEN o.is_active AND NOT n.is_active THEN 'DEACTIVATE'
                ELSE 'UPDATE' END,
           to_jsonb(o), to_jsonb(n), mappings_reason(),
           coalesce(mappings_actor(), left('database:' || session_user, 100))
      FROM new_rows AS n JOIN old_rows AS o USING (id)
     WHERE n.version <> o.version
     ORDER BY n.id;
    IF FOUND THEN
        PERFORM mappings_bump_version();
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION mappings_audit_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO mapping_audit_log (mapping_id, canonical_id, action, old_value, reason, created_by)
    SELECT NULL, o.canonical_id, 'DELETE', to_jsonb(o), mappings_reason(),
           coalesce(mappings_actor(), left('database:' || session_user, 100))
      FROM old_rows AS o ORDER BY o.id;
    IF FOUND THEN
        PERFORM mappings_bump_version();
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER user_mappings_audit_insert AFTER INSERT ON user_market_mappings
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION mappings_audit_insert();
CREATE TRIGGER user_mappings_audit_update AFTER UPDATE ON user_market_mappings
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION mappings_audit_update();
CREATE TRIGGER user_mappings_audit_delete AFTER DELETE ON user_market_mappings
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION mappings_audit_delete();
"""
AUDIT_REVERSE = """
DROP TRIGGER user_mappings_audit_insert ON user_market_mappings;
DROP TRIGGER user_mappings_audit_update ON user_market_mappings;
DROP TRIGGER user_mappings_audit_delete ON user_market_mappings;
DROP FUNCTION mappings_audit_insert();
DROP FUNCTION mappings_audit_update();
DROP FUNCTION mappings_audit_delete();
DROP FUNCTION mappings_actor();
DROP FUNCTION mappings_reason();
"""

# TRUNCATE fires no row or delete trigger. Only a test database may be emptied that way.
APPEND_ONLY = """
ALTER TABLE mapping_audit_log ADD CONSTRAINT mapping_audit_log_mapping_fk
    FOREIGN KEY (mapping_id) REFERENCES user_market_mappings (id)
    ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE unmapped_market_log ADD CONSTRAINT unmapped_market_log_mapped_to_fk
    FOREIGN KEY (mapped_to_id) REFERENCES user_market_mappings (id)
    ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED;

CREATE FUNCTION mapping_audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.mapping_id IS NOT NULL AND NEW.mapping_id IS NULL
       AND to_jsonb(NEW) - 'mapping_id' = to_jsonb(OLD) - 'mapping_id' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'mapping_audit_log is append-only: % refused.', TG_OP USING ERRCODE = 'restrict_violation';
END $$;
CREATE FUNCTION mapping_audit_unlinked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM user_market_mappings WHERE id = OLD.mapping_id) THEN
        RAISE EXCEPTION 'mapping_audit_log is append-only: its mapping % still exists.', OLD.mapping_id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION mapping_audit_stamp() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.created_at := now();
    RETURN NEW;
END $$;
CREATE FUNCTION mappings_refuse_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_database() NOT LIKE 'test\\_%' THEN
        RAISE EXCEPTION 'TRUNCATE of % refused: it would leave no audit row.', TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION mappings_after_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM mappings_bump_version();
    RETURN NULL;
END $$;

CREATE TRIGGER mapping_audit_stamp BEFORE INSERT ON mapping_audit_log
    FOR EACH ROW EXECUTE FUNCTION mapping_audit_stamp();
CREATE TRIGGER mapping_audit_append_only BEFORE UPDATE OR DELETE ON mapping_audit_log
    FOR EACH ROW EXECUTE FUNCTION mapping_audit_refuse();
CREATE CONSTRAINT TRIGGER mapping_audit_unlinked AFTER UPDATE ON mapping_audit_log
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (OLD.mapping_id IS NOT NULL AND NEW.mapping_id IS NULL)
    EXECUTE FUNCTION mapping_audit_unlinked();
CREATE TRIGGER mapping_audit_no_truncate BEFORE TRUNCATE ON mapping_audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION mappings_refuse_truncate();
CREATE TRIGGER user_mappings_no_truncate BEFORE TRUNCATE ON user_market_mappings
    FOR EACH STATEMENT EXECUTE FUNCTION mappings_refuse_truncate();
CREATE TRIGGER user_mappings_after_truncate AFTER TRUNCATE ON user_market_mappings
    FOR EACH STATEMENT EXECUTE FUNCTION mappings_after_truncate();
"""
APPEND_ONLY_REVERSE = """
DROP TRIGGER user_mappings_after_truncate ON user_market_mappings;
DROP TRIGGER user_mappings_no_truncate ON user_market_mappings;
DROP TRIGGER mapping_audit_no_truncate ON mapping_audit_log;
DROP TRIGGER mapping_audit_unlinked ON mapping_audit_log;
DROP TRIGGER mapping_audit_append_only ON mapping_audit_log;
DROP TRIGGER mapping_audit_stamp ON mapping_audit_log;
DROP FUNCTION mappings_after_truncate();
DROP FUNCTION mappings_refuse_truncate();
DROP FUNCTION mapping_audit_stamp();
DROP FUNCTION mapping_audit_unlinked();
DROP FUNCTION mapping_audit_refuse();
ALTER TABLE unmapped_market_log DROP CONSTRAINT unmapped_market_log_mapped_to_fk;
ALTER TABLE mapping_audit_log DROP CONSTRAINT mapping_audit_log_mapping_fk;
"""


class Migration(migrations.Migration):
    dependencies = [("mappings", "0001_initial")]

    operations = [
        migrations.RunSQL(OUTCOMES_VALID, OUTCOMES_VALID_REVERSE),
        migrations.RunSQL(VERSION, VERSION_REVERSE),
        migrations.RunSQL(AUDIT, AUDIT_REVERSE),
        migrations.RunSQL(APPEND_ONLY, APPEND_ONLY_REVERSE),
    ]
