from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from oddsproject.api.health import readyz

urlpatterns = [
    path("", RedirectView.as_view(url="/admin/", permanent=False)),
    path("admin/", admin.site.urls),
    path("api/", include("oddsproject.api.urls")),
    path("readyz", readyz),
]
