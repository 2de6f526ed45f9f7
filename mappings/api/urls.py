from oddsproject.api.routes import route

from . import mappings, queue

# Fixed addresses before those with an id.
urlpatterns = [
    *route("unmapped", queue.Unmapped, "unmapped"),
    *route("unmapped/high-priority", queue.HighPriority, "unmapped-high-priority"),
    *route("unmapped/<id:row_id>", queue.UnmappedItem, "unmapped-item"),
    *route("mappings", mappings.Mappings, "mappings"),
    *route("mappings/stats", mappings.Stats, "mappings-stats"),
    *route("mappings/audit-log", mappings.AuditLog, "mappings-audit-log"),
    *route("mappings/reload", mappings.Reload, "mappings-reload"),
    *route("mappings/<key:canonical_id>", mappings.Mapping, "mapping"),
]
