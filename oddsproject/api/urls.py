from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from .alerts import Alerts
from .health import Health
from .routes import route
from .storage import StorageSizes
from .views import UnknownAddress

app_name = "api"
urlpatterns = [
    path("schema", SpectacularAPIView.as_view(), name="schema"),
    path("schema/", SpectacularAPIView.as_view()),
    path("docs", SpectacularSwaggerView.as_view(url_name="api:schema"), name="docs"),
    path("docs/", SpectacularSwaggerView.as_view(url_name="api:schema")),
    *route("health", Health, "health"),
    *route("alerts", Alerts, "alerts"),
    *route("storage/sizes", StorageSizes, "storage-sizes"),
    path("", include("mappings.api.urls")),
    path("", include("odds.api.urls")),
    path("", include("scraping.api.urls")),
    re_path(r"", UnknownAddress.as_view()),
]
