"""Starting and stopping the demo bookmakers: in a thread (cheap tests), as a child process (load), in front."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from scraping.demo.clock import DemoClock
from scraping.demo.content import Content
from scraping.demo.control import Control
from scraping.demo.faults import Faults
from scraping.demo.httpd import DemoApp, DemoProtocol
from scraping.demo.prices import Life
from scraping.demo.replay import ReplayContent
from scraping.demo.sites import all_sites
from scraping.demo.stats import Stats
from scraping.demo.world import SLUGS, World

_BACKLOG = 1024


@dataclass
class DemoSettings:
    """What a server starts with. clock: seconds since 1970, None = now. latency in ms and limits by bookmaker."""

    seed: int = 7
    events: int = 40
    port: int = 0
    host: str = "127.0.0.1"
    clock: float | None = None
    frozen: bool = False
    latency: dict = field(default_factory=dict)
    limits: dict = field(default_factory=dict)
    life: dict = field(default_factory=dict)
    faults: list = field(default_factory=list)
    payloads: str | None = None


def build(settings: DemoSettings) -> DemoApp:
    """The application, ready to answer. Raises BadControl for settings that make no sense."""
    clock = DemoClock(settings.clock, 0.0 if settings.frozen else 1.0)
    if settings.payloads:
        content, world = ReplayContent(Path(settings.payloads)), None
    else:
        content = world = Content(World(settings.seed, settings.events), Life())
    control = Control(clock, world, Faults(settings.seed), Stats())
    wanted = {name: getattr(settings, name) for name in ("latency", "limits", "life", "faults")}
    wanted = {name: value for name, value in wanted.items() if value}
    control.change(wanted)
    content.warm_up(clock.now())
    return DemoApp(all_sites(content), control, settings.seed)


async def serve(app: DemoApp, settings: DemoSettings, on_port, stop: asyncio.Event) -> None:
    """Listens until `stop` is set; on_port(port) is called once connections are accepted."""
    loop = asyncio.get_running_loop()
    protocols: set[DemoProtocol] = set()

    def connection() -> DemoProtocol:
        protocol = DemoProtocol(app, loop)
        protocols.add(protocol)
        lost = protocol.connection_lost

        def forget(error) -> None:
            lost(error)
            protocols.discard(protocol)

        protocol.connection_lost = forget
        return protocol

    server = await loop.create_server(connection, settings.host, settings.port, backlog=_BACKLOG)
    on_port(server.sockets[0].getsockname()[1])
    try:
        await stop.wait()
    finally:
        server.close()
        for protocol in list(protocols):
            if protocol.transport is not None:
                protocol.transport.abort()


def run(settings: DemoSettings, announce=print) -> None:
    """In the foreground until SIGINT or SIGTERM."""

    async def main() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(name, stop.set)
        app = build(settings)
        await serve(app, settings, lambda port: announce(f"listening http://{settings.host}:{port}"), stop)

    asyncio.run(main())


class DemoServer:
    """`with DemoServer(seed=7, events=40) as demo:` runs one; process=True in a child process of its own."""

    def __init__(self, *, process: bool = False, **settings):
        self.settings = DemoSettings(**settings)
        self.process = process
        self.app: DemoApp | None = None
        self.base_url = ""
        self._child: subprocess.Popen | None = None
        self._thread: threading.Thread | None = None

    @property
    def urls(self) -> dict[str, str]:
        """Base address of each bookmaker."""
        return {slug: f"{self.base_url}/{slug}" for slug in SLUGS}

    def start(self) -> "DemoServer":
        if self.process:
            self._start_process()
        else:
            self._start_thread()
        return self

    def stop(self) -> None:
        if self._child is not None:
            self._child.terminate()
            try:
                self._child.wait(10)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait()
            self._child.stdout.close()
            self._child = None
        if self._thread is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(10)
            self._thread = None

    __enter__ = start

    def __exit__(self, *error) -> None:
        self.stop()

    def control(self, changes: dict) -> dict:
        """Changes settings; returns the new state. Raises ValueError with the server's reason."""
        request = urllib.request.Request(
            f"{self.base_url}/control", json.dumps(changes).encode(), {"Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise ValueError(json.load(error)["error"]) from error

    def state(self) -> dict:
        with urllib.request.urlopen(f"{self.base_url}/control", timeout=30) as answer:
            return json.load(answer)

    def stats(self) -> dict:
        return self.state()["stats"]

    def _start_thread(self) -> None:
        self.app = build(self.settings)
        ready, failure = threading.Event(), []

        def on_port(port: int) -> None:
            self.base_url = f"http://{self.settings.host}:{port}"
            ready.set()

        async def main() -> None:
            self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
            await serve(self.app, self.settings, on_port, self._stop)

        def body() -> None:
            try:
                asyncio.run(main())
            except OSError as error:
                failure.append(error)
                ready.set()

        self._thread = threading.Thread(target=body, name="demo-bookmakers", daemon=True)
        self._thread.start()
        ready.wait(30)
        if failure:
            raise failure[0]

    def _start_process(self) -> None:
        root = Path(__file__).parents[2]
        environment = os.environ | {"PYTHONPATH": str(root), "PYTHONUNBUFFERED": "1"}
        command = [sys.executable, "-m", "scraping.demo", json.dumps(vars(self.settings))]
        self._child = subprocess.Popen(command, cwd=root, env=environment, stdout=subprocess.PIPE, text=True)
        line = self._child.stdout.readline()
        if not line.startswith("listening "):
            self.stop()
            raise RuntimeError("the demo bookmakers did not start")
        self.base_url = line.split()[1]
