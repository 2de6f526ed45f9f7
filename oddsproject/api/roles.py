"""Who may do what: three groups, each of which may do what the one before it may.

viewer reads; trader maps, acknowledges, ignores and refreshes one event; lead starts cycles,
steers the schedule, changes settings and looks after users. API, admin and socket ask here.
"""

from django.apps import apps

VIEWER = "viewer"
TRADER = "trader"
LEAD = "lead"
ROLES = (VIEWER, TRADER, LEAD)  # ascending

# What the Django admin asks per model, beyond "view" of every model of ours: {role: {model: actions}}.
# Nobody deletes: rows are deactivated, or belong to the scraper.
OUR_APPS = ("mappings", "odds", "scraping", "realtime")
LEAD_VIEWS = ("admin.logentry", "django_q.success", "django_q.failure")
EDITS = {
    TRADER: {
        "mappings.usermarketmapping": ("add", "change"),
        "mappings.unmappedmarketlog": ("change",),
    },
    LEAD: {
        "scraping.settings": ("change",),
        "scraping.setasideitem": ("change",),
        "auth.user": ("view", "add", "change"),
        "auth.group": ("view",),
    },
}


def roles_of(user):
    """The names of every role that the user holds, by group or by what that group includes."""
    if user is None or not user.is_active or not user.is_authenticated:
        return frozenset()
    if not hasattr(user, "_roles"):  # one query per user object, that is per request
        named = ROLES if user.is_superuser else user.groups.filter(name__in=ROLES).values_list("name", flat=True)
        highest = max((ROLES.index(name) for name in named), default=-1)
        user._roles = frozenset(ROLES[: highest + 1])
    return user._roles


def has_role(user, role):
    """Whether the user is at least a `role`. Superusers hold every role; inactive users none."""
    if role not in ROLES:
        raise ValueError(f"Unknown role {role!r}")
    return role in roles_of(user)


def narrow_to(user, role):
    """Let this user object act as at most a `role`, as a token does."""
    user._roles = roles_of(user) & frozenset(ROLES[: ROLES.index(role) + 1])


def grant_model_permissions(sender, using="default", **kwargs):
    """Give each group exactly its model permissions; changes nothing the second time.

    A post_migrate handler: it acts on the last app's signal, when all permissions exist.
    """
    from django.contrib.auth.models import Group, Permission

    if sender is not [app for app in apps.get_app_configs() if app.models_module is not None][-1]:
        return
    by_name = {
        f"{p.content_type.app_label}.{p.codename}": p
        for p in Permission.objects.using(using).select_related("content_type")
    }
    wanted = set()
    for role in ROLES:
        group, _ = Group.objects.using(using).get_or_create(name=role)
        wanted |= _permission_names(role, by_name)
        group.permissions.set([by_name[name] for name in wanted if name in by_name])


def _permission_names(role, known):
    names = set()
    if role == VIEWER:
        names |= {name for name in known if name.split(".")[0] in OUR_APPS and name.split(".")[1].startswith("view_")}
    if role == LEAD:
        names |= {f"{model.split('.')[0]}.view_{model.split('.')[1]}" for model in LEAD_VIEWS}
    for model, actions in EDITS.get(role, {}).items():
        app, model_name = model.split(".")
        names |= {f"{app}.{action}_{model_name}" for action in actions}
    return names
