"""All settings, in one file; what differs between deployments comes from the environment.

On a laptop everything has a default that runs. With DEBUG=0 the secrets, hosts and servers
must be given, and a missing one is named before anything starts.
"""

from pathlib import Path

import environ
import structlog
from django.core.exceptions import ImproperlyConfigured

from oddsproject.bounded_connection import POOL_SECONDS, BoundedConnection

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

# DEBUG=1 says that this is a laptop: defaults for everything, demo bookmakers on loopback. Django's
# pages for developers, which show code and settings, come with it unless DEBUG_PAGES=0 (bin/run).
LAPTOP = env.bool("DEBUG", default=False)
DEBUG = LAPTOP and env.bool("DEBUG_PAGES", default=True)


def required_in_production(name, *, debug_default):
    """The variable's value; in production its absence stops the start with its name."""
    value = env.str(name, default="")
    if value:
        return value
    if LAPTOP:
        return debug_default
    raise ImproperlyConfigured(f"{name} is not set. Production (DEBUG=0) needs it; bin/run sets it for a laptop.")


# --- Identity and hosts -------------------------------------------------------------------------
SECRET_KEY = required_in_production("SECRET_KEY", debug_default="only-for-debug-never-for-production")
ALLOWED_HOSTS = [
    host
    for host in required_in_production("ALLOWED_HOSTS", debug_default="127.0.0.1,localhost,[::1]").split(",")
    if host
]
if not LAPTOP and "*" in ALLOWED_HOSTS:
    raise ImproperlyConfigured("ALLOWED_HOSTS holds '*'. Production needs the names of its hosts.")
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

# --- Apps ---------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "oddsproject.desk.apps.DeskAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "channels",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_q",
    "django_structlog",
    "oddsproject.realtime",
    "oddsproject.api",
    "oddsproject.desk",
    "mappings",
    "odds",
    "scraping",
]

MIDDLEWARE = [
    "oddsproject.api.health.AliveMiddleware",
    "oddsproject.api.database_away.DatabaseAwayMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
]

ROOT_URLCONF = "oddsproject.urls"
WSGI_APPLICATION = "oddsproject.wsgi.application"
ASGI_APPLICATION = "oddsproject.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.debug",
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- Database -----------------------------------------------------------------------------------
# DB_POOL=1 is for the web process only: a pool that crosses a fork corrupts the connections of
# every django-q worker (decision 0003).
DATABASES = {
    "default": env.db_url_config(
        required_in_production("DATABASE_URL", debug_default="postgres://app@127.0.0.1:55432/oddsproject")
    )
}
DATABASES["default"]["ENGINE"] = "django.db.backends.postgresql"
DATABASES["default"]["CONN_MAX_AGE"] = 0
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DATABASES["default"].setdefault("OPTIONS", {})
DATABASES["default"]["OPTIONS"].setdefault("connect_timeout", 5)
if env.bool("DB_POOL", default=False):
    DATABASES["default"]["OPTIONS"]["pool"] = {
        "min_size": 2,
        "max_size": 16,
        "timeout": POOL_SECONDS,
        "connection_class": BoundedConnection,
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Redis: channel layer and cache -------------------------------------------------------------
# A finite socket_timeout above channels_redis' 5 s read: an idle socket lives, a frozen Redis
# does not hold its caller for ever.
REDIS_URL = required_in_production("REDIS_URL", debug_default="redis://127.0.0.1:56379/0")
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {
            "hosts": [{"address": REDIS_URL, "socket_timeout": 15, "socket_connect_timeout": 3}],
            "prefix": env.str("REDIS_PREFIX", default="odds"),
        },
    }
}
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": env.str("REDIS_PREFIX", default="odds"),
        "OPTIONS": {"socket_timeout": 2, "socket_connect_timeout": 2},
    }
}

# --- Task queue ---------------------------------------------------------------------------------
# The lock of a fetched task runs from the fetch, not from its start: retry must exceed
# timeout * (queue_limit / workers + 3), or tasks run twice.
Q_WORKERS = env.int("Q_WORKERS", default=2)
Q_CLUSTER = {
    "name": "oddsproject",
    "orm": "default",
    "broker_class": "oddsproject.stack.canary.CanaryBroker",  # the orm broker, and canaries for the watchdog
    "workers": Q_WORKERS,
    "queue_limit": Q_WORKERS,
    "bulk": 1,
    "poll": 0.2,
    "timeout": 120,
    "retry": 600,
    "max_attempts": 3,
    "catch_up": False,
    "recycle": 200,
    "max_rss": 400_000,
    "save_limit": 250,
    "guard_cycle": 0.5,
    "label": "Task queue",
    "ALT_CLUSTERS": {},
}

# --- Bookmakers ---------------------------------------------------------------------------------
# Base addresses belong to the deployment. Only https addresses of these hosts are used; with
# DEBUG=1 loopback is allowed too, for the demo bookmakers.
BOOKMAKER_URLS = {
    "betpawa": env.str("BETPAWA_URL", default="https://www.betpawa.ng"),
    "sportybet": env.str("SPORTYBET_URL", default="https://www.sportybet.com"),
    "bet9ja": env.str("BET9JA_URL", default="https://sports.bet9ja.com"),
}
BOOKMAKER_ALLOWED_HOSTS = env.list(
    "BOOKMAKER_ALLOWED_HOSTS", default=["www.betpawa.ng", "www.sportybet.com", "sports.bet9ja.com"]
)
BOOKMAKER_ALLOW_LOOPBACK = LAPTOP
# Minutes between cycles in a database that has no settings yet; from then on the settings page rules.
FIRST_INTERVAL_MINUTES = env.int("FIRST_INTERVAL_MINUTES", default=5)
BETPAWA_API_VERSION = env.str("BETPAWA_API_VERSION", default="v4")
BET9JA_CACHE_VERSION = env.str("BET9JA_CACHE_VERSION", default="1.301.2.225")

# --- Language, time -----------------------------------------------------------------------------
LANGUAGE_CODE = "en-gb"
TIME_ZONE = "Africa/Lagos"  # what people see; the database and the API speak UTC
USE_I18N = True
FORMAT_MODULE_PATH = "oddsproject.desk.languages"
USE_TZ = True

# --- Static files -------------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = LAPTOP
WHITENOISE_AUTOREFRESH = LAPTOP  # reads no collected files, so that a laptop and the tests need none
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if LAPTOP
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

# --- Security -----------------------------------------------------------------------------------
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "/admin/login/"
LOGIN_REDIRECT_URL = "/admin/"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
if not LAPTOP:
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
    SECURE_REDIRECT_EXEMPT = [r"^readyz$"]  # probes speak plain http to the process itself
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=31_536_000)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True

# --- API ----------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "oddsproject.api.authentication.BearerAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["oddsproject.api.permissions.HasRole"],
    "DEFAULT_THROTTLE_CLASSES": ["oddsproject.api.throttling.WriteThrottle"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["oddsproject.api.parsers.StrictJSONParser"],
    "EXCEPTION_HANDLER": "oddsproject.api.errors.problem_handler",
    "URL_FORMAT_OVERRIDE": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "oddsproject",
    "DESCRIPTION": "Odds of three bookmakers, how they are mapped, and the scraper. camelCase JSON; errors are "
    "RFC 9457 problem details; times are UTC with `Z`; prices and lines are decimal text.",
    "VERSION": "1.0.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["oddsproject.api.permissions.HasRole"],
    "PREPROCESSING_HOOKS": ["oddsproject.api.routes.without_slashed"],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "oddsproject.api.problem_schema.with_problems",
    ],
    "SCHEMA_PATH_PREFIX": "/api",
    "ENUM_NAME_OVERRIDES": {
        "RunStatusEnum": "scraping.models.ScrapeRun.Status",
        "RunPhaseEnum": "scraping.models.ScrapeRun.Phase",
        "BatchStatusEnum": "scraping.models.ScrapeBatch.Status",
        "ErrorPhaseEnum": "scraping.models.ScrapeError.Phase",
        "PlatformEnum": "scraping.api.serializers.SLUGS",
        "RunKindEnum": "scraping.models.ScrapeRun.Kind",
        "MappingKindEnum": "mappings.models.MappingKind",
        "UnmappedStatusEnum": "mappings.models.UnmappedStatus",
        "DecisionEnum": "mappings.api.queue_serializers.DECISIONS",
        "SortOrderEnum": "mappings.api.queue_serializers.ORDERS",
        "UnmappedSortEnum": "mappings.api.queue_serializers.SORTED_BY",
        "TabEnum": "mappings.models.Tab",
        "TabOrMineEnum": "mappings.queue_filter.TABS",
        "BandEnum": "mappings.models.Band",
        "AuditActionEnum": "mappings.models.MappingAuditLog.Action",
        "MappingSourceEnum": "mappings.api.serializers.ORIGINS",
        "BulkActionEnum": "mappings.api.decision_serializers.BULK_ACTIONS",
        "RowOutcomeEnum": "mappings.api.decision_serializers.OUTCOMES",
        "DecisionKindEnum": "mappings.models.KIND_CHOICES",
        "UndoneOutcomeEnum": "mappings.api.batch_serializers.UNDONE",
        "UndoneThingEnum": "mappings.api.batch_serializers.THINGS",
        "SeverityEnum": "mappings.api.preview_serializers.SEVERITIES",
        "PriceVerdictEnum": "mappings.models.VERDICT_CHOICES",
    },
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}

# --- Desk (admin theme) -------------------------------------------------------------------------
UNFOLD = {
    "SITE_TITLE": "Odds desk",
    "SITE_HEADER": "Odds desk",
    "SITE_SYMBOL": "query_stats",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": "oddsproject.desk.navigation.favicon_url"}],
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "STYLES": ["oddsproject.desk.navigation.style_url"],
    "SCRIPTS": ["oddsproject.desk.navigation.live_script_url"],
    "DASHBOARD_CALLBACK": "oddsproject.desk.dashboard.fill",
    "SIDEBAR": {"navigation": "oddsproject.desk.navigation.sidebar"},
}

# --- Logs ---------------------------------------------------------------------------------------
# One line an event: keys and values, or JSON with LOG_FORMAT=json. Bookmakers' texts are escaped
# by both renderers, so a newline in a market name cannot forge a line.
LOG_LEVEL = env.str("LOG_LEVEL", default="INFO")
_shared_processors = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.StackInfoRenderer(),
    structlog.processors.format_exc_info,
]
_renderer = (
    structlog.processors.JSONRenderer()
    if env.str("LOG_FORMAT", default="text") == "json"
    else structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "logger", "event"])
)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "structured": {
            "()": structlog.stdlib.ProcessorFormatter,
            "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, _renderer],
            "foreign_pre_chain": _shared_processors,
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "structured"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        "django_q": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        "urllib3": {"level": "ERROR"},
    },
}
structlog.configure(
    processors=[
        structlog.stdlib.filter_by_level,
        *_shared_processors,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=structlog.stdlib.BoundLogger,
    cache_logger_on_first_use=True,
)
