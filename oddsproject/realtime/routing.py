from channels.routing import URLRouter
from django.urls import re_path

from .consumer import NoticeConsumer

websocket_application = URLRouter([re_path(r"^api/ws/?$", NoticeConsumer.as_asgi())])
