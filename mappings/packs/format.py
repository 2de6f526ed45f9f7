"""The file: JSON with sorted names, a version of its format, and a checksum of what it holds."""

import hashlib
import json
from typing import Any

import msgspec

from mappings.models import IgnoreRule, UnmappedMarketLog, UnmappedStatus, UserMarketMapping
from mappings.services.mappings import EDITABLE
from oddsproject.api.strict_json import JsonRefused, read_json

FORMAT = "oddsproject.mapping-pack"
VERSION = 1
MOST_BYTES = 50_000_000
RULE_FIELDS = ("name", "position", "is_active", "conditions", "until", "reason")
DECIDED = (UnmappedStatus.ACKNOWLEDGED, UnmappedStatus.IGNORED, UnmappedStatus.MAPPED)
_SEEN_HERE = ("from", "offered")  # of a condition: counted at this desk, counted anew at another


class PackRefused(ValueError):
    """A pack that cannot be taken. problems: every one of them, as lines for people."""

    def __init__(self, problems):
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


class PackedMapping(msgspec.Struct, forbid_unknown_fields=True):
    """A row of user_market_mappings, by its column names."""

    canonical_id: str
    name: str
    kind: str
    subkind: str | None
    period: str
    subject: str
    side: str
    line_semantics: str | None
    betpawa_id: str | None
    sportybet_id: str | None
    bet9ja_key: str | None
    extra_source_keys: list[Any]
    specifier_filters: dict[str, Any]
    outcome_mapping: list[Any]
    priority: int
    is_active: bool

    @property
    def id(self):
        return self.canonical_id


class PackedRule(msgspec.Struct, forbid_unknown_fields=True):
    """A row of unmapped_ignore_rule, by its column names."""

    name: str
    position: int
    is_active: bool
    conditions: dict[str, Any]
    until: dict[str, Any] | None
    reason: str

    @property
    def id(self):
        return f"rule:{self.name}"


class PackedDecision(msgspec.Struct, forbid_unknown_fields=True):
    """What was decided about one market of the queue. mapped_to: a canonical id. ignore_until: the
    condition, without what was counted at the desk that it comes from."""

    source: str
    external_market_id: str
    status: str
    notes: str | None
    ignore_until: dict[str, Any] | None
    mapped_to: str | None

    @property
    def id(self):
        return f"{self.source}:{self.external_market_id}"


class Pack(msgspec.Struct, frozen=True):
    """decisions: None where the pack has none. checksum: of its content."""

    mappings: tuple[PackedMapping, ...]
    rules: tuple[PackedRule, ...]
    decisions: tuple[PackedDecision, ...] | None
    checksum: str


def export_pack(*, with_decisions: bool = False) -> bytes:
    """All mappings of people and all ignore rules, in a stable order. Two queries, or three."""
    mappings = UserMarketMapping.objects.values("canonical_id", *EDITABLE)
    content = {
        "mappings": sorted(mappings, key=lambda mapping: mapping["canonical_id"]),
        "rules": sorted(IgnoreRule.objects.values(*RULE_FIELDS), key=lambda rule: (rule["position"], rule["name"])),
    }
    if with_decisions:
        content["decisions"] = sorted(_decisions(), key=lambda row: (row["source"], row["external_market_id"]))
    return written(content)


def _decisions():
    """What a rule ignores is left to the rule, what sleeps to whoever put it to sleep."""
    rows = UnmappedMarketLog.objects.filter(status__in=DECIDED, snoozed_until=None, ignored_by_rule=None)
    rows = rows.exclude(status=UnmappedStatus.MAPPED, mapped_to=None)
    fields = ("source", "external_market_id", "status", "notes", "ignore_until", "mapped_to__canonical_id")
    for row in rows.order_by().values(*fields).iterator(chunk_size=5_000):
        row["mapped_to"] = row.pop("mapped_to__canonical_id")
        row["ignore_until"] = condition(row["ignore_until"])
        yield row


def condition(until: dict | None) -> dict | None:
    """A condition as a person said it."""
    return None if until is None else {name: value for name, value in until.items() if name not in _SEEN_HERE}


def written(content: dict) -> bytes:
    pack = {"format": FORMAT, "version": VERSION, "checksum": checksum(content), "content": content}
    return (json.dumps(pack, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def checksum(content) -> str:
    """Of the content as JSON without blanks and with sorted names; order in lists counts."""
    text = json.dumps(content, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def read_pack(data: bytes) -> Pack:
    """Raises PackRefused with every problem of the file's form. Whether its mappings would map is
    what a review says."""
    if len(data) > MOST_BYTES:
        raise PackRefused([f"The file has {len(data)} bytes; at most {MOST_BYTES} are read."])
    try:
        pack = read_json(data)
    except JsonRefused as error:
        raise PackRefused([f"The file cannot be read as a pack. {error}"]) from error
    if not isinstance(pack, dict) or pack.get("format") != FORMAT:
        raise PackRefused([f"The file is no mapping pack: its format is not {FORMAT!r}."])
    if pack.get("version") != VERSION:
        raise PackRefused([f"The pack's format version is {pack.get('version')!r}; this desk reads {VERSION}."])
    content = pack.get("content")
    if not isinstance(content, dict) or not {"mappings", "rules"} <= content.keys() <= {*_KINDS}:
        raise PackRefused([f"The pack's content must have mappings and rules, and may have {', '.join(_KINDS)}."])
    found = checksum(content)
    if pack.get("checksum") != found:
        raise PackRefused(
            [f"The pack was changed since it was made: its content is {found}, not {pack.get('checksum')}."]
        )
    return _read_items(content, found)


_KINDS = {"mappings": PackedMapping, "rules": PackedRule, "decisions": PackedDecision}


def _read_items(content, found):
    problems, read = [], {}
    for name, kind in _KINDS.items():
        items = content.get(name)
        if items is None and name == "decisions":
            read[name] = None
            continue
        if not isinstance(items, list):
            problems.append(f"{name}: a list is needed.")
            continue
        read[name] = tuple(_read_each(name, kind, items, problems))
    if problems:
        raise PackRefused(problems)
    return Pack(read["mappings"], read["rules"], read["decisions"], found)


def _read_each(name, kind, items, problems):
    seen = set()
    for number, item in enumerate(items):
        label = f"{name}[{number}]"
        try:
            read = msgspec.convert(item, kind)
        except msgspec.ValidationError as error:
            problems.append(f"{label}: {error}")
            continue
        if read.id in seen:
            problems.append(f"{label}: {read.id} is there twice.")
        seen.add(read.id)
        yield read
