import asyncio
import signal

from channels.layers import get_channel_layer
from django.core.management.base import BaseCommand

from oddsproject.realtime.dispatcher import Dispatcher, database_connector


class Command(BaseCommand):
    help = "Send committed notices to browsers (through Redis). Runs until stopped; one works, others wait."

    def handle(self, *args, **options):
        asyncio.run(self._run())

    async def _run(self):
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for signum in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(signum, stop.set)
        await Dispatcher(database_connector(), get_channel_layer()).run(stop)
