"""The form of a mapping: outcomes as a table, everything saved through the services."""

import json

from django import forms
from django.forms.utils import flatatt
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminTextInputWidget

from mappings.definitions import OUTCOME_COLUMNS
from mappings.models import UserMarketMapping
from mappings.services.mappings import EDITABLE

SPARE_ROWS = 4
MOST_ROWS = 400
COLUMNS = ("canonical_id", *OUTCOME_COLUMNS.values())


class OutcomeTable(forms.Widget):
    """A list of outcomes as rows of text fields. Emptying a row's id takes the outcome out."""

    def render(self, name, value, attrs=None, renderer=None) -> SafeString:
        outcomes = json.loads(value) if isinstance(value, str) else (value or [])
        outcomes = outcomes if isinstance(outcomes, list) else []
        rows = [
            {
                "place": place,
                "cells": [(column, outcome.get(column) or "") for column in COLUMNS],
                "sources": json.dumps(outcome.get("sources") or {}),
            }
            for place, outcome in enumerate([*outcomes, *({} for _ in range(SPARE_ROWS))])
            if isinstance(outcome, dict)
        ]
        context = {"name": name, "rows": rows, "attrs": flatatt(attrs or {}), "disabled": self.attrs.get("disabled")}
        return render_to_string("desk/outcome_table.html", context)

    def value_from_datadict(self, data, files, name):
        outcomes = []
        for place in range(MOST_ROWS):
            canonical_id = data.get(f"{name}:{place}:canonical_id")
            if canonical_id is None:
                break
            if not canonical_id.strip():
                continue
            outcome = {column: data.get(f"{name}:{place}:{column}", "").strip() or None for column in COLUMNS[1:]}
            outcome |= {"canonical_id": canonical_id.strip(), "position": len(outcomes)}
            sources = _object(data.get(f"{name}:{place}:sources", ""))
            outcomes.append(outcome | ({"sources": sources} if sources else {}))
        return json.dumps(outcomes)

    def value_omitted_from_data(self, data, files, name):
        return f"{name}:0:canonical_id" not in data


def _object(text):
    try:
        value = json.loads(text or "{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


class MappingForm(forms.ModelForm):
    """version: the one that was read, so that two people's changes do not overwrite each other."""

    reason = forms.CharField(
        required=False,
        max_length=1000,
        help_text="Kept in the audit log with the change.",
        widget=UnfoldAdminTextInputWidget,
    )
    read_version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = UserMarketMapping
        fields = (*EDITABLE, "canonical_id")
        widgets = {"outcome_mapping": OutcomeTable}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "read_version" in self.fields and self.instance.pk:
            self.fields["read_version"].initial = self.instance.version

    def clean(self):
        data = super().clean()
        read = data.get("read_version")
        if self.instance.pk and read is not None and read != self.instance.version:
            raise forms.ValidationError(
                "Somebody changed this mapping while you were editing it; what you typed is still here. "
                "Open it again in another tab to compare."
            )
        return data
