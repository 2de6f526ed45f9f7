from channels.generic.websocket import AsyncWebsocketConsumer


class NoticeConsumer(AsyncWebsocketConsumer):
    pass
