"""What tests of packs share: a mapping, and another desk that takes a pack."""

import json

from mappings.models import IgnoreRule, UserMarketMapping
from mappings.packs import import_pack, read_pack
from mappings.tests.preview_builders import yes_no

NEW = {"name": "Penalty awarded", "betpawa_id": "777001", "sportybet_id": "999", "outcome_mapping": yes_no()}


def taken(data, **arguments):
    return import_pack(read_pack(data), **({"user": "ada", "reason": "From staging"} | arguments))


def emptied():
    """Another desk, where nobody has decided anything yet."""
    UserMarketMapping.objects.all().delete()
    IgnoreRule.objects.all().delete()


def content_of(data):
    return json.loads(data)["content"]
