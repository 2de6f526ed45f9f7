"""Rules that ignore markets as they come."""

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from mappings import ignore_rules
from mappings.api.problems import decided
from mappings.api.rule_serializers import (
    NewRule,
    RuleChangeBody,
    RuleChangedSerializer,
    RuleDeleteBody,
    RulePreviewBody,
    RulePreviewSerializer,
    RuleSerializer,
    RulesSerializer,
)
from mappings.models import IgnoreRule
from oddsproject.api.roles import VIEWER
from oddsproject.api.views import APIView


class Rules(APIView):
    @extend_schema(responses=RulesSerializer, operation_id="unmapped_ignore_rules")
    def get(self, request):
        """All of them, in the order in which they decide."""
        return Response(RulesSerializer({"items": IgnoreRule.objects.all()}).data)

    @extend_schema(request=NewRule, responses={201: RuleChangedSerializer}, operation_id="unmapped_ignore_rule_create")
    def post(self, request):
        body = self.read_body(NewRule)
        change = decided(lambda: ignore_rules.create_rule(**stored(body), user=request.user))
        return Response(RuleChangedSerializer(change).data, status=201)


class Rule(APIView):
    @extend_schema(responses=RuleSerializer, operation_id="unmapped_ignore_rule")
    def get(self, request, rule_id):
        return Response(RuleSerializer(get_object_or_404(IgnoreRule, pk=rule_id)).data)

    @extend_schema(request=RuleChangeBody, responses=RuleChangedSerializer, operation_id="unmapped_ignore_rule_change")
    def patch(self, request, rule_id):
        body = stored(self.read_body(RuleChangeBody))
        how = {name: body.pop(name) for name in ("version", "reopen_rows", "apply_now") if name in body}
        if not body and not how["reopen_rows"] and not how["apply_now"]:
            raise ValidationError({"body": ["Name at least one field to change."]})
        change = decided(
            lambda: ignore_rules.update_rule(
                id=rule_id, changes=body, user=request.user, reason=body.get("reason", ""), **how
            )
        )
        return Response(RuleChangedSerializer(change).data)

    @extend_schema(
        request=RuleDeleteBody,
        responses={200: RuleChangedSerializer},
        operation_id="unmapped_ignore_rule_delete",
    )
    def delete(self, request, rule_id):
        """What it has ignored stays so, unless reopenRows."""
        body = self.read_body(RuleDeleteBody)
        change = decided(lambda: ignore_rules.delete_rule(id=rule_id, user=request.user, **body))
        return Response(RuleChangedSerializer(_numbered(change, rule_id)).data)


class RulePreview(APIView):
    """Reads only, so it is for everybody."""

    write_role = VIEWER

    @extend_schema(
        request=RulePreviewBody, responses=RulePreviewSerializer, operation_id="unmapped_ignore_rule_preview"
    )
    def post(self, request):
        """What a rule with these conditions would ignore now."""
        conditions = dict(self.read_body(RulePreviewBody)["conditions"])
        count, sample = decided(lambda: ignore_rules.preview(conditions))
        return Response(RulePreviewSerializer({"count": count, "sample": sample}).data)


def stored(body) -> dict:
    """A validated body by the services' names."""
    return {name: dict(value) if name == "conditions" else value for name, value in body.items()}


def _numbered(change, rule_id):
    """A deleted rule has lost its number."""
    change.rule.pk = rule_id
    return change
