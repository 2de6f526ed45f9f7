"""The task queue in the admin: results only, read-only, for the lead.

A schedule names any function by its dotted path and a queued task is a signed pickle, so a form
on either would be code execution: those models have no page.
"""

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django_q.models import Failure, OrmQ, Schedule, Success
from unfold.decorators import display

from oddsproject.api.roles import LEAD
from oddsproject.desk.base import ReadOnlyAdmin
from oddsproject.desk.formats import age, duration_text, foreign

for model in (Failure, OrmQ, Schedule, Success):
    if admin.site.is_registered(model):
        admin.site.unregister(model)


class TaskAdmin(ReadOnlyAdmin):
    view_role = LEAD
    list_display = ["name", "func", "started_age", "took"]
    search_fields = ["name", "func"]
    # Arguments and result are pickles: not opened to show a page.
    fields = readonly_fields = ["name", "func", "group", "started", "stopped", "attempt_count"]

    @display(description="Started", ordering="started")
    def started_age(self, task):
        return age(task.started)

    @display(description="Took")
    def took(self, task):
        return duration_text((task.stopped - task.started).total_seconds())


@admin.register(Success)
class SuccessAdmin(TaskAdmin):
    list_display = [*TaskAdmin.list_display]

    def get_queryset(self, request):
        return super().get_queryset(request).filter(success=True).defer("args", "kwargs", "result")


@admin.register(Failure)
class FailureAdmin(TaskAdmin):
    list_display = [*TaskAdmin.list_display, "attempt_count", "what_happened"]
    fields = readonly_fields = [*TaskAdmin.fields, "what_happened"]

    def get_queryset(self, request):
        return super().get_queryset(request).filter(success=False).defer("args", "kwargs")

    @display(description="What happened")
    def what_happened(self, task):
        return foreign(str(task.result)[:500])


@admin.register(LogEntry)
class LogEntryAdmin(ReadOnlyAdmin):
    view_role = LEAD
    list_display = ["action_time", "user", "content_type", "object_repr", "action_flag"]
    list_select_related = ["user", "content_type"]
