"""Audit rows carry the batch and the mapping version; changes of queue decisions get rows of their own.

The queue's trigger looks at the decision columns only, so that counting sightings writes nothing.
"""

from django.db import migrations

BATCH = """
CREATE FUNCTION mappings_batch() RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT nullif(current_setting('oddsproject.batch', true), '')::bigint
$$;
DROP FUNCTION mappings_bump_version();
CREATE FUNCTION mappings_bump_version() RETURNS bigint LANGUAGE sql AS $$
    INSERT INTO mapping_version AS v (id, version, changed_at)
    VALUES (1, nextval('mapping_version_seq'), now())
    ON CONFLICT (id) DO UPDATE SET version = nextval('mapping_version_seq'), changed_at = now()
    RETURNING v.version
$$;
"""
BATCH_REVERSE = """
DROP FUNCTION mappings_bump_version();
CREATE FUNCTION mappings_bump_version() RETURNS void LANGUAGE sql AS $$
    INSERT INTO mapping_version AS v (id, version, changed_at)
    VALUES (1, nextval('mapping_version_seq'), now())
    ON CONFLICT (id) DO UPDATE SET version = nextval('mapping_version_seq'), changed_at = now()
$$;
DROP FUNCTION mappings_batch();
"""

AUDIT = """
CREATE OR REPLACE FUNCTION mappings_audit_insert() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE made bigint;
BEGIN
    IF NOT EXISTS (SELECT 1 FROM new_rows) THEN
        RETURN NULL;
    END IF;
    made := mappings_bump_version();
    INSERT INTO mapping_audit_log
           (mapping_id, canonical_id, action, new_value, reason, created_by, batch_id, mapping_version)
    SELECT n.id, n.canonical_id, 'CREATE', to_jsonb(n), mappings_reason(),
           coalesce(mappings_actor(), n.created_by, left('database:' || session_user, 100)),
           mappings_batch(), made
      FROM new_rows AS n ORDER BY n.id;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION mappings_audit_update() RETURNS trigger LANGUAGE plpgsql SET enable_nestloop = off AS $$
DECLARE made bigint;
BEGIN
    IF NOT EXISTS (SELECT 1 FROM new_rows AS n JOIN old_rows AS o USING (id) WHERE n.version <> o.version) THEN
        RETURN NULL;
    END IF;
    made := mappings_bump_version();
    INSERT INTO mapping_audit_log
           (mapping_id, canonical_id, action, old_value, new_value, reason, created_by, batch_id, mapping_version)
    SELECT n.id, n.canonical_id,
           CASE WHEN n.is_active AND NOT o.is_active THEN 'ACTIVATE'
                WHEN o.is_active AND NOT n.is_active THEN 'DEACTIVATE'
                ELSE 'UPDATE' END,
           to_jsonb(o), to_jsonb(n), mappings_reason(),
           coalesce(mappings_actor(), left('database:' || session_user, 100)), mappings_batch(), made
      FROM new_rows AS n JOIN old_rows AS o USING (id)
     WHERE n.version <> o.version
     ORDER BY n.id;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION mappings_audit_delete() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE made bigint;
BEGIN
    IF NOT EXISTS (SELECT 1 FROM old_rows) THEN
        RETURN NULL;
    END IF;
    made := mappings_bump_version();
    INSERT INTO mapping_audit_log
           (mapping_id, canonical_id, action, old_value, reason, created_by, batch_id, mapping_version)
    SELECT NULL, o.canonical_id, 'DELETE', to_jsonb(o), mappings_reason(),
           coalesce(mappings_actor(), left('database:' || session_user, 100)), mappings_batch(), made
      FROM old_rows AS o ORDER BY o.id;
    RETURN NULL;
END $$;
"""
AUDIT_REVERSE = """
CREATE OR REPLACE FUNCTION mappings_audit_insert() RETURNS trigger LANGUAGE plpgsql AS $$
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
CREATE OR REPLACE FUNCTION mappings_audit_update() RETURNS trigger LANGUAGE plpgsql SET enable_nestloop = off AS $$
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
CREATE OR REPLACE FUNCTION mappings_audit_delete() RETURNS trigger LANGUAGE plpgsql AS $$
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
"""

QUEUE = """
CREATE FUNCTION unmapped_decision(q unmapped_market_log) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT jsonb_build_object(
        'status', q.status, 'notes', q.notes, 'mapped_to_id', q.mapped_to_id,
        'decided_by', q.decided_by, 'decided_at', q.decided_at,
        'decided_mapping_version', q.decided_mapping_version,
        'reopened_reason', q.reopened_reason, 'earlier_decision', q.earlier_decision,
        'snoozed_until', q.snoozed_until, 'claimed_by', q.claimed_by, 'claim_expires_at', q.claim_expires_at,
        'ignore_until', q.ignore_until, 'ignored_by_rule_id', q.ignored_by_rule_id,
        'review_since', q.review_since, 'review', q.review)
$$;

CREATE FUNCTION unmapped_log_changes() RETURNS trigger LANGUAGE plpgsql SET enable_nestloop = off AS $$
BEGIN
    INSERT INTO unmapped_change_log
           (unmapped_id, source, external_market_id, batch_id, old_value, new_value, reason, created_by)
    SELECT n.id, n.source, n.external_market_id, mappings_batch(), unmapped_decision(o), unmapped_decision(n),
           mappings_reason(), coalesce(mappings_actor(), left('database:' || session_user, 100))
      FROM new_rows AS n JOIN old_rows AS o USING (id)
     WHERE (n.status, n.notes, n.mapped_to_id, n.snoozed_until, n.claimed_by, n.claim_expires_at,
            n.ignore_until, n.ignored_by_rule_id, n.review_since)
           IS DISTINCT FROM
           (o.status, o.notes, o.mapped_to_id, o.snoozed_until, o.claimed_by, o.claim_expires_at,
            o.ignore_until, o.ignored_by_rule_id, o.review_since)
     ORDER BY n.id;
    RETURN NULL;
END $$;
CREATE TRIGGER unmapped_log_changes AFTER UPDATE ON unmapped_market_log
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION unmapped_log_changes();

CREATE FUNCTION unmapped_change_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'unmapped_change_log is append-only: % refused.', TG_OP USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER unmapped_change_append_only BEFORE UPDATE OR DELETE ON unmapped_change_log
    FOR EACH ROW EXECUTE FUNCTION unmapped_change_refuse();
CREATE TRIGGER unmapped_change_no_truncate BEFORE TRUNCATE ON unmapped_change_log
    FOR EACH STATEMENT EXECUTE FUNCTION mappings_refuse_truncate();
"""
QUEUE_REVERSE = """
DROP TRIGGER unmapped_change_no_truncate ON unmapped_change_log;
DROP TRIGGER unmapped_change_append_only ON unmapped_change_log;
DROP FUNCTION unmapped_change_refuse();
DROP TRIGGER unmapped_log_changes ON unmapped_market_log;
DROP FUNCTION unmapped_log_changes();
DROP FUNCTION unmapped_decision(unmapped_market_log);
"""


class Migration(migrations.Migration):
    dependencies = [("mappings", "0003_desk_tables")]

    operations = [
        migrations.RunSQL(BATCH, BATCH_REVERSE),
        migrations.RunSQL(AUDIT, AUDIT_REVERSE),
        migrations.RunSQL(QUEUE, QUEUE_REVERSE),
    ]
