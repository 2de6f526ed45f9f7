"""The list of current odds: coming kick-offs first, however large the table is."""

from datetime import timedelta

import pytest
from django.contrib import admin
from django.db import connection
from django.test import RequestFactory

from odds.models import MarketOddsCurrent
from tests.admin_rows import make_event, make_odds, sign_in

pytestmark = pytest.mark.django_db
ADDRESS = "/admin/odds/marketoddscurrent/"


@pytest.fixture
def events():
    """{name: event}: over, later and soon, made in that order."""
    hours = {"over": -5, "just over": -2, "later": 9, "soon": 1}
    made = {name: make_event(n, kickoff_in=timedelta(hours=h)) for n, (name, h) in enumerate(hours.items())}
    for event in made.values():
        make_odds(event)
        make_odds(event, betpawa_market_id="5000", betpawa_market_name="Over/Under", line=2.5)
    return made


def shown(client, events, query=""):
    """Names of the events of the list's rows, each once, in their order."""
    rows = client.get(ADDRESS + query).context["cl"].result_list
    names = {event.pk: name for name, event in events.items()}
    return list(dict.fromkeys(names[row.event_id] for row in rows))


def test_the_soonest_kick_off_comes_first_and_what_is_over_is_behind_a_filter(events):
    client = sign_in("viewer")
    assert shown(client, events) == ["soon", "later"]
    assert shown(client, events, "?kickoff=soon") == ["soon"]
    assert shown(client, events, "?kickoff=started") == ["just over", "over"]
    assert shown(client, events, "?kickoff=all") == ["later", "soon", "just over", "over"]
    assert shown(client, events, "?kickoff=nonsense") == ["soon", "later"]


def test_whoever_names_an_event_sees_it_whether_it_is_over_or_not(events):
    client = sign_in("viewer")
    over = events["over"]
    assert shown(client, events, f"?q={over.sportradar_id}") == ["over"]
    assert shown(client, events, f"?event__id__exact={over.pk}") == ["over"]
    assert shown(client, events, f"?q={over.sportradar_id}&kickoff=upcoming") == []
    assert shown(client, events, "?q=5000") == ["soon", "later"]
    assert shown(client, events, "?q=no+such+id") == []


def test_a_search_means_a_sportradar_id_or_a_market_id_exactly(events):
    page = sign_in("viewer").get(f"{ADDRESS}?q=5000")
    assert {row.betpawa_market_id for row in page.context["cl"].result_list} == {"5000"}


def plan_of(query, user):
    """How PostgreSQL would read the rows that the list shows, on a table that is not tiny."""
    request = RequestFactory().get(ADDRESS + query)
    request.user = user
    changelist = admin.site.get_model_admin(MarketOddsCurrent).get_changelist_instance(request)
    with connection.cursor() as cursor:
        for cheap_only_on_a_tiny_table in ("seqscan", "hashjoin", "sort"):
            cursor.execute(f"SET LOCAL enable_{cheap_only_on_a_tiny_table} = off")
    return changelist.get_queryset(request)[:50].explain()


@pytest.mark.parametrize("query", ["", "?kickoff=started", "?kickoff=all", "?bookmaker=bet9ja", "?q=5000"])
def test_a_page_reads_the_next_kick_offs_and_sorts_no_table(events, query, admin_user):
    plan = plan_of(query, admin_user)
    assert "idx_event_kickoff" in plan and "uq_market_odds_current" in plan
    assert "Seq Scan on market_odds_current" not in plan
    assert "Presorted Key: odds_event.kickoff_at" in plan  # what is sorted are the rows of one event
    assert plan.count("Sort  (") == plan.count("Incremental Sort  (")


def test_a_page_costs_the_same_whatever_it_shows(events, django_assert_max_num_queries):
    client = sign_in("viewer")
    client.get(ADDRESS)
    with django_assert_max_num_queries(9):
        client.get(ADDRESS)
