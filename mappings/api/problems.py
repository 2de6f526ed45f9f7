"""What services refuse, as problem details whose codes stay: stale, refused, reason_required, too_many,
already_undone, nothing_to_undo, pack_refused."""

from django.core.exceptions import PermissionDenied
from django.core.exceptions import ValidationError as ModelError
from rest_framework.exceptions import APIException, NotFound, ValidationError
from rest_framework.exceptions import PermissionDenied as Forbidden

from mappings import services
from mappings.actions import ReasonRequired
from mappings.api.changes import field_changes
from mappings.bulk import MOST_AT_ONCE
from mappings.ignore_rules import StaleRule
from mappings.models import DecisionBatch, IgnoreRule, MappingAuditLog, UserMarketMapping
from mappings.services.decisions import last_changes
from oddsproject.api.errors import Conflict
from oddsproject.api.serializers import camel
from oddsproject.realtime.envelopes import utc_timestamp

MISSING = {
    UserMarketMapping.DoesNotExist: "mapping",
    MappingAuditLog.DoesNotExist: "version",
    DecisionBatch.DoesNotExist: "decision",
    IgnoreRule.DoesNotExist: "rule",
}


class Unprocessable(APIException):
    """Understood, and not done: it is too much, or does not hold together."""

    status_code = 422
    default_code = "unprocessable"
    default_detail = "This cannot be done."


def decided(decide):
    """Carry a service out, its refusals turned into problems."""
    try:
        return decide()
    except tuple(MISSING) as error:
        raise NotFound(f"There is no such {MISSING[type(error)]}.") from error
    except services.StaleVersion as stale:
        raise _stale_mapping(stale) from stale
    except StaleRule as stale:
        raise with_extra(Conflict(str(stale), code="stale"), version=stale.current) from stale
    except ReasonRequired as needed:
        raise with_extra(Conflict(str(needed), code="reason_required"), preview=needed.preview.as_data()) from needed
    except PermissionDenied as error:
        raise Forbidden(str(error)) from error
    except ModelError as error:
        if hasattr(error, "count"):
            problem = Unprocessable(error.messages[0], code="too_many")
            raise with_extra(problem, count=error.count, most=getattr(error, "most", MOST_AT_ONCE)) from error
        fields = getattr(error, "message_dict", None) or {"body": error.messages}
        raise ValidationError({camel(name.strip("_")): texts for name, texts in fields.items()}) from error


def with_extra(problem, **extra):
    problem.extra = extra
    return problem


def check_row(row, version):
    """Raises the problem that says who was first, and what that changed, where version is not the row's."""
    if version is None or version == row.version:
        return
    change = last_changes([row.pk]).get(row.pk)
    raise with_extra(
        Conflict(f"It was changed meanwhile; the version is now {row.version}.", code="stale"),
        version=row.version,
        currentStatus=row.status,
        decidedBy=row.decided_by,
        decidedAt=utc_or_none(row.decided_at),
        changedBy=change.created_by if change else None,
        changedAt=utc_or_none(change.created_at) if change else None,
        changes=field_changes(change.old_value, change.new_value) if change else [],
    )


def refused_row(decision):
    return with_extra(
        Conflict(decision.detail or "It cannot be done.", code="refused"),
        version=decision.version,
        currentStatus=decision.status,
    )


def utc_or_none(at):
    return None if at is None else utc_timestamp(at)


def _stale_mapping(stale):
    changes = [
        {
            "field": camel(change.field),
            "old": change.old,
            "new": change.new,
            "changedBy": change.changed_by,
            "changedAt": utc_or_none(change.changed_at),
        }
        for change in stale.changes
    ]
    return with_extra(
        Conflict(str(stale), code="stale"),
        version=stale.current,
        changedBy=stale.changed_by,
        changedAt=utc_or_none(stale.changed_at),
        changes=changes,
    )
