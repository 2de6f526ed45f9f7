"""bin/run: the whole desk in one foreground process.

Order: PostgreSQL, Redis, migrations, demo bookmakers, login, then web, workers and dispatcher.
Backwards when it stops. Every child runs in its own session and dies with this process.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from oddsproject.stack import binaries, lifeline, managing, processes
from oddsproject.stack.ports import Ports
from oddsproject.stack.postgres import Postgres
from oddsproject.stack.private import owned_directory
from oddsproject.stack.redis_server import RedisServer
from oddsproject.stack.services import Service, answers_http, describe, stop_together
from oddsproject.stack.state import StateDirectory, StateInUse

ROOT = Path(__file__).resolve().parents[2]
MANAGE = ROOT / "manage.py"
WEB_PORT, POSTGRES_PORT, REDIS_PORT, DEMO_PORT = 8000, 55432, 56379, 8100
START_SECONDS = 120
LOOK_SECONDS = 0.25
DEMO_USER = "demo_lead"
# Loopback bookmakers and demo logins, but for people the desk's own pages also when something is missing or broken.
ON_A_LAPTOP = {"DEBUG": "1", "DEBUG_PAGES": "0"}
SHARED = (
    *("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "DEBUG", "DEBUG_PAGES"),
    *("BETPAWA_URL", "SPORTYBET_URL", "BET9JA_URL"),
)
DEMO_LIFE = "moved_share=0.25"  # rivals are moving markets to new codes: something to map, with prices that show it
BOOKMAKER_PATHS = {"BETPAWA_URL": "betpawa", "SPORTYBET_URL": "sportybet", "BET9JA_URL": "bet9ja"}


class CannotStart(Exception):
    """Something did not come up; the message says what, and shows its last words."""


class Stopping(Exception):
    """A signal asked us to stop."""


def say(message):
    """A line of progress. A terminal that has gone must not take the desk along."""
    try:
        print(message, file=sys.stderr, flush=True)
    except OSError:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115  (for the rest of the process)


class Supervisor:
    """Starts everything, keeps it running, stops it in order."""

    def __init__(self, options, state):
        self.options = options
        self.state = state
        self.postgres = self.redis = self.demo = None
        self.services = []
        self.ports = Ports()
        self.stop_signals = 0

    # --- signals ---------------------------------------------------------------------------------
    def on_signal(self, number, frame):
        """The first asks for an orderly end; a second one spares the web and the workers their time."""
        self.stop_signals += 1
        if self.stop_signals == 1:
            raise Stopping
        for service in self.services:
            if service.is_running():
                processes.kill_group(service.process)

    # --- start -----------------------------------------------------------------------------------
    def start(self):
        """Bring everything up; returns the line to print. Raises CannotStart, ServerUnavailable."""
        self.environment = {
            **ON_A_LAPTOP,
            **os.environ,
            "SECRET_KEY": os.environ.get("SECRET_KEY") or self.state.secrets["secret_key"],
            "DB_POOL": "0",
            "PYTHONUNBUFFERED": "1",
            lifeline.VARIABLE: "1",
        }
        self._start_servers()
        self._share_environment()
        if self.options.servers:
            return f"ready DATABASE_URL={self.environment['DATABASE_URL']} REDIS_URL={self.environment['REDIS_URL']}"
        if not self.options.live:
            self._start_demo()
            self._share_environment()
        say("bringing the tables up to date")
        self._manage("migrate", "--noinput", "--verbosity", "1")
        address = self._start_desk()
        self._manage("demo_login", DEMO_PASSWORD=self.state.secrets["demo_password"])
        for service in self.services:
            self._wait_for(service)
        return f"ready {address}/ user={DEMO_USER} password={self.state.secrets['demo_password']}"

    def _start_servers(self):
        """The embedded servers, unless the user has given others."""
        home = None
        if not os.environ.get("DATABASE_URL") or not os.environ.get("REDIS_URL"):
            home = self.state.server_home(say)
        account, programs = self.state.account, home and home / "programs"
        common = {"account": account, "inherit": [self.state.servers_lock]}
        if not os.environ.get("DATABASE_URL"):
            self.postgres = Postgres(
                binaries.runnable_postgres(account, programs),
                owned_directory(home / "postgres", account),
                password=self.state.secrets["postgres_password"],
                port=self.ports.near(POSTGRES_PORT),
                database="oddsproject_live" if self.options.live else "oddsproject",
                log_path=self.state.logs / "postgres.log",
                **common,
            )
            say("starting PostgreSQL" if self.postgres.is_prepared() else "making the database")
            self.postgres.prepare()
            self.postgres.start()
            self.environment["DATABASE_URL"] = self.postgres.url
        if not os.environ.get("REDIS_URL"):
            self.redis = RedisServer(
                binaries.runnable_redis(account, programs),
                owned_directory(home / "redis", account),
                password=self.state.secrets["redis_password"],
                port=self.ports.near(REDIS_PORT),
                number=1 if self.options.live else 0,
                keep=True,
                log_path=self.state.logs / "redis.log",
                **common,
            )
            say("starting Redis")
            self.redis.start()
            self.environment["REDIS_URL"] = self.redis.url

    def _start_demo(self):
        """The demo bookmakers; addresses that the user has set stay as they are."""
        port = self.ports.near(DEMO_PORT)
        base = f"http://127.0.0.1:{port}"
        for variable, path in BOOKMAKER_PATHS.items():
            self.environment[variable] = os.environ.get(variable) or f"{base}/{path}"
        self.environment.setdefault("FIRST_INTERVAL_MINUTES", "1")
        say("starting the demo bookmakers")
        self.demo = self._service(
            "demo",
            "demo_bookmakers",
            *("--port", port, "--life", DEMO_LIFE),
            is_up=lambda: answers_http(f"{base}/control"),
            check_always=True,
        )

    def _share_environment(self):
        """For bin/manage: how to reach what runs here. Holds passwords, so for our eyes only."""
        known = {name: self.environment[name] for name in SHARED if name in self.environment}
        self.state.write_private(managing.FILE, json.dumps(known))

    def _start_desk(self):
        wanted = int(os.environ.get("PORT") or WEB_PORT)
        port = self.ports.near(wanted)
        if port != wanted:
            say(f"port {wanted} is taken; using {port}")
        address = f"http://127.0.0.1:{port}"
        beat = self.state.path / "cluster-beat"
        beat.unlink(missing_ok=True)
        say("starting web, workers and dispatcher")
        self._service(
            "web",
            command=[
                *(sys.executable, "-m", "oddsproject.stack.web", "oddsproject.asgi:application"),
                *("--host", "127.0.0.1", "--port", port, "--lifespan", "off", "--no-access-log"),
                *("--timeout-graceful-shutdown", "8", "--ws-ping-interval", "20", "--ws-max-size", "65536"),
            ],
            environment={"DB_POOL": "1"},
            is_up=lambda: answers_http(f"{address}/healthz"),
            check_always=True,
            stop_seconds=12,
        )
        self._service("worker", "run_cluster", "--beat-file", beat, is_up=beat.exists, stop_seconds=40)
        self._service("dispatcher", "dispatch_notices")
        return address

    def _service(self, name, *arguments, command=None, environment=None, **options):
        service = Service(
            name=name,
            command=command or [sys.executable, MANAGE, *arguments],
            environment=self.environment | (environment or {}),
            log_path=self.state.logs / f"{name}.log",
            **options,
        )
        service.start()
        self.services.append(service)
        return service

    def _manage(self, *arguments, **environment):
        """Run a management command to its end, its output in the log. Raises CannotStart when it fails."""
        log_path = self.state.logs / f"{arguments[0]}.log"
        with open(os.open(log_path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as log:
            process = processes.spawn(
                [sys.executable, MANAGE, *arguments], death_signal=signal.SIGKILL,
                env=self.environment | environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
            try:
                code = process.wait()
            finally:
                processes.stop(process)
        if code != 0:
            tail = "\n".join(log_path.read_text(errors="replace").splitlines()[-15:])
            raise CannotStart(f"manage.py {arguments[0]} failed ({describe(code)}):\n{tail}")

    def _wait_for(self, service):
        """Until it is up. One that ends instead is not restarted: at the start that is a fault to show."""
        if service.is_up is None:
            return
        is_up = processes.wait_until(service.is_up, seconds=START_SECONDS, process=service.process, every=0.1)
        if not is_up or processes.has_ended(service.process):
            raise CannotStart(
                f"{service.name} does not come up. Its log, {service.log_path}, ends with:\n{service.log_tail()}"
            )

    # --- run and stop ----------------------------------------------------------------------------
    def look_after(self):
        """Until a signal: restart what ended. Never returns otherwise."""
        while True:
            for server, name in ((self.postgres, "PostgreSQL"), (self.redis, "Redis")):
                if server is not None and processes.has_ended(server.process):
                    say(f"{name} has ended ({describe(processes.stop(server.process))}); starting it again")
                    server.start(keep_port=True)  # everybody else knows it by its address
            for service in self.services:
                service.look(say)
            time.sleep(LOOK_SECONDS)

    def stop(self):
        """Web and workers first, so that what they do is finished; then what they used."""
        desk = [service for service in self.services if service.name in ("web", "worker")]
        stop_together(desk)
        stop_together([service for service in self.services if service not in desk])
        for server in (self.redis, self.postgres):
            if server is not None:
                server.stop()
        (self.state.path / managing.FILE).unlink(missing_ok=True)
        self.ports.leave()


def main(arguments):
    parser = argparse.ArgumentParser(prog="bin/run", description="Run the whole desk until Ctrl-C.")
    parser.add_argument("--live", action="store_true", help="the real bookmakers instead of the demo ones")
    parser.add_argument("--servers", action="store_true", help="PostgreSQL and Redis only, for use with manage.py")
    options = parser.parse_args(arguments)
    try:
        state = StateDirectory(os.environ.get("STATE_DIR") or ROOT / ".state", say=say)
    except (StateInUse, OSError, binaries.ServerUnavailable) as error:
        say(f"cannot start: {error}")
        return 1
    supervisor = Supervisor(options, state)
    processes.catch_stop_signals(supervisor.on_signal)
    code = 0
    try:
        print(supervisor.start(), flush=True)
        supervisor.look_after()
    except Stopping:
        say("stopping")
    except (CannotStart, binaries.ServerUnavailable, OSError) as error:
        supervisor.stop_signals += 1
        say(f"cannot go on: {error}")
        code = 1
    finally:
        supervisor.stop()
        state.release()
    say("stopped")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
