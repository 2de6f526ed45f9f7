"""What the schema says of refusals: every operation may answer with problem details."""

from oddsproject.api.errors import PROBLEM_JSON

PROBLEM = {
    "type": "object",
    "description": "RFC 9457. Rely on code; some codes bring further members, such as version, changes or problems.",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "errors": {
            "type": "object",
            "description": "What is wrong, by field.",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
        },
    },
    "additionalProperties": True,
}
REFUSAL = {
    "description": "Refused: what was sent is wrong, somebody was first, or it is not allowed.",
    "content": {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


def with_problems(result, generator, request, public):
    """A hook of the schema: each operation's answers get `default`, the refusals."""
    result["components"]["schemas"]["Problem"] = PROBLEM
    for item in result["paths"].values():
        for operation in item.values():
            operation["responses"].setdefault("default", REFUSAL)
    return result
