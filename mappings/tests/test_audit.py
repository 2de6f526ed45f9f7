"""No way of changing a mapping leaves it without its audit row, and no audit row is ever changed."""

import pytest
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, connection, transaction

from mappings.actors import acting_as
from mappings.models import MappingAuditLog, MappingVersion, UserMarketMapping

pytestmark = pytest.mark.django_db


def sql(statement, parameters=None):
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall() if cursor.description else cursor.rowcount


def make(canonical_id="alpha", **values):
    return UserMarketMapping.objects.create(canonical_id=canonical_id, name=canonical_id, **values)


def actions():
    return list(MappingAuditLog.objects.order_by("id").values_list("canonical_id", "action"))


def refused(statement):
    with pytest.raises(DatabaseError), transaction.atomic():
        sql(statement)
        sql("SET CONSTRAINTS ALL IMMEDIATE")


def test_saving_changing_switching_and_deleting_each_leave_a_row():
    mapping = make()
    mapping.name = "Alpha"
    mapping.save()
    mapping.is_active = False
    mapping.save()
    mapping.is_active = True
    mapping.save()
    mapping.delete()
    assert [action for _, action in actions()] == ["CREATE", "UPDATE", "DEACTIVATE", "ACTIVATE", "DELETE"]
    updated = MappingAuditLog.objects.get(action="UPDATE")
    assert (updated.old_value["name"], updated.new_value["name"]) == ("alpha", "Alpha")


def test_bulk_changes_leave_a_row_each():
    UserMarketMapping.objects.bulk_create([UserMarketMapping(canonical_id=f"m{i}", name="m") for i in range(5)])
    UserMarketMapping.objects.update(priority=7)
    rows = list(UserMarketMapping.objects.all())
    for row in rows:
        row.name = "n"
    UserMarketMapping.objects.bulk_update(rows, ["name"])
    UserMarketMapping.objects.all().delete()
    assert sorted(actions()) == sorted((f"m{i}", a) for i in range(5) for a in ("CREATE", "UPDATE", "UPDATE", "DELETE"))


def test_raw_sql_leaves_a_row_and_names_the_database_user():
    sql("INSERT INTO user_market_mappings (canonical_id, name) VALUES ('raw', 'Raw')")
    sql("UPDATE user_market_mappings SET name = 'Rawer' WHERE canonical_id = 'raw'")
    sql("DELETE FROM user_market_mappings WHERE canonical_id = 'raw'")
    assert [action for _, action in actions()] == ["CREATE", "UPDATE", "DELETE"]
    assert all(row.created_by.startswith("database:") for row in MappingAuditLog.objects.all())


def test_a_merge_statement_leaves_a_row():
    make()
    sql(
        "MERGE INTO user_market_mappings AS m USING (VALUES ('alpha'), ('beta')) AS s(id) ON m.canonical_id = s.id "
        "WHEN MATCHED THEN UPDATE SET name = 'merged' "
        "WHEN NOT MATCHED THEN INSERT (canonical_id, name) VALUES (s.id, 'new')"
    )
    assert sorted(actions()) == [("alpha", "CREATE"), ("alpha", "UPDATE"), ("beta", "CREATE")]


def test_a_change_of_nothing_leaves_no_row_and_no_version():
    mapping = make()
    before = MappingVersion.objects.get().version
    mapping.save()
    UserMarketMapping.objects.filter(pk=-1).update(name="nobody")
    mapping.refresh_from_db()
    assert len(actions()) == 1 and mapping.version == 1
    assert MappingVersion.objects.get().version == before


def test_the_acting_person_and_the_reason_are_written():
    with acting_as("alice", "Price check failed"):
        make()
    make("beta", created_by="bob")
    assert list(MappingAuditLog.objects.order_by("id").values_list("created_by", "reason")) == [
        ("alice", "Price check failed"),
        ("bob", None),
    ]


def test_an_inner_actor_does_not_outlive_its_block():
    with acting_as("alice", "outer"):
        with acting_as("bob", "inner"):
            make("one")
        make("two")
    assert list(MappingAuditLog.objects.order_by("id").values_list("created_by", "reason")) == [
        ("bob", "inner"),
        ("alice", "outer"),
    ]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE mapping_audit_log SET reason = 'never happened'",
        "UPDATE mapping_audit_log SET created_at = now() - interval '1 year'",
        "UPDATE mapping_audit_log SET mapping_id = NULL",
        "UPDATE mapping_audit_log SET mapping_id = NULL, reason = 'x'",
        "DELETE FROM mapping_audit_log",
    ],
)
def test_audit_rows_cannot_be_changed_or_deleted(statement):
    make()
    refused(statement)
    assert len(actions()) == 1


def test_an_audit_row_cannot_be_back_dated():
    sql("INSERT INTO mapping_audit_log (canonical_id, action, created_at) VALUES ('x', 'CREATE', '2001-01-01') ")
    assert MappingAuditLog.objects.get().created_at.year > 2001


def test_the_history_of_a_deleted_mapping_stays_by_orm_and_by_sql():
    make("one").delete()
    make("two")
    sql("DELETE FROM user_market_mappings")
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    assert len(actions()) == 4
    assert not MappingAuditLog.objects.exclude(mapping=None).exists()


@pytest.mark.parametrize("table", ["mapping_audit_log", "user_market_mappings"])
def test_truncate_is_refused_outside_test_databases(table):
    make()
    body = sql("SELECT prosrc FROM pg_proc WHERE proname = 'mappings_refuse_truncate'")[0][0]
    assert "current_database() NOT LIKE 'test\\_%'" in body
    with pytest.raises(DatabaseError), transaction.atomic():
        sql(
            "CREATE OR REPLACE FUNCTION mappings_refuse_truncate() RETURNS trigger LANGUAGE plpgsql AS $f$"
            + body.replace("current_database()", "'desk'::text")
            + "$f$"
        )
        sql("SET CONSTRAINTS ALL IMMEDIATE")
        sql(f"TRUNCATE {table} CASCADE")
    assert len(actions()) == 1


def test_a_mapping_keeps_its_id_for_life():
    make()
    refused("UPDATE user_market_mappings SET id = id + 1000")


def test_each_change_raises_the_rows_version():
    mapping = make()
    UserMarketMapping.objects.update(name="A")
    UserMarketMapping.objects.update(name="B", version=99)
    mapping.refresh_from_db()
    assert mapping.version == 3 and mapping.updated_at >= mapping.created_at


def test_a_bulk_change_of_20000_is_a_handful_of_statements(django_assert_num_queries):
    sql("INSERT INTO user_market_mappings (canonical_id, name) SELECT 'm' || i, 'm' FROM generate_series(1, 20000) i")
    with django_assert_num_queries(1):
        UserMarketMapping.objects.update(priority=1)
    assert MappingAuditLog.objects.filter(action="UPDATE").count() == 20_000


@pytest.mark.parametrize(
    "outcomes",
    [
        '{"a": 1}',
        "[1]",
        '[{"betpawa_name": "1"}]',
        '[{"canonical_id": ""}]',
        '[{"canonical_id": "a"}, {"canonical_id": "a"}]',
        '[{"canonical_id": "a", "betpawa_name": "1"}, {"canonical_id": "b", "betpawa_name": "1"}]',
        '[{"canonical_id": "a", "sportybet_desc": "Yes"}, {"canonical_id": "b", "sportybet_desc": "yes"}]',
    ],
)
def test_outcomes_that_contradict_each_other_are_refused_by_the_database(outcomes):
    with pytest.raises(IntegrityError), transaction.atomic():
        sql(
            "INSERT INTO user_market_mappings (canonical_id, name, outcome_mapping) VALUES ('x', 'x', %s::jsonb)",
            [outcomes],
        )


@pytest.mark.django_db(transaction=True)
def test_the_migrations_can_be_taken_back():
    try:
        call_command("migrate", "mappings", "zero", verbosity=0)
        tables = connection.introspection.table_names()
        assert not {"user_market_mappings", "mapping_audit_log", "unmapped_market_log"} & set(tables)
        assert sql("SELECT count(*) FROM pg_proc WHERE proname LIKE 'mapping%%_'") == [(0,)]
    finally:
        call_command("migrate", "mappings", verbosity=0)


def test_models_and_migrations_agree():
    call_command("makemigrations", "mappings", check=True, dry_run=True, verbosity=0)
