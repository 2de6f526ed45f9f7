"""A full cycle of 1,300 events against the demo bookmakers at real latencies and limits.

The floor is the time that the limits alone take: for each bookmaker, requests x (mean latency +
delay) / concurrency, discovery and details one after the other; the slowest bookmaker counts. The
workers, the bookmakers and the database share this machine, so their CPU is in the figure.
"""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from django.conf import settings
from django.utils import timezone

ROOT = Path(__file__).resolve().parent.parent
EVENTS = int(os.environ.get("BENCH_EVENTS", "1300"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "2"))
LATENCY_MS = {"betpawa": 380, "sportybet": 589, "bet9ja": 641}
WORKERS = 2


def run(report):
    from scraping.demo.server import DemoServer
    from scraping.services import set_scheduler_paused

    with DemoServer(seed=7, events=EVENTS, latency=LATENCY_MS, process=True) as demo:
        for slug, url in demo.urls.items():
            os.environ[f"{slug.upper()}_URL"] = settings.BOOKMAKER_URLS[slug] = url
        set_scheduler_paused(paused=True)  # a cycle that is due would take the place of ours
        with _Cluster() as cluster:
            seconds, floors, memory = [], [], []
            for round_number in range(ROUNDS + 1):
                before = demo.stats()
                finished = _one_cycle(cluster)
                _say(f"round {round_number}: {finished.duration_seconds:.1f} s, {finished.status}, {finished.timings}")
                if round_number == 0:
                    continue  # the first cycle fills an empty database
                seconds.append(finished.duration_seconds)
                floors.append(_floor(before, demo.stats()))
                memory.append(cluster.peak_mb)
        report.add(name="full-cycle-seconds", unit="s", values=seconds, floor_values=floors)
        report.add(name="worker-peak-memory", unit="MB", values=memory, floor_values=None)


def _one_cycle(cluster):
    from scraping.models import ScrapeRun
    from scraping.services import start_cycle

    run = start_cycle(trigger=ScrapeRun.Trigger.MANUAL)
    deadline = time.monotonic() + 400
    while run.is_active:
        if time.monotonic() > deadline:
            raise TimeoutError(f"Run {run.pk} did not end: {run.phase}, {run.events_done} of {run.events_total}")
        time.sleep(0.25)
        cluster.measure()
        run.refresh_from_db()
    if run.status == ScrapeRun.Status.FAILED:
        raise RuntimeError(run.summary)
    return run


def _floor(before, after):
    """Seconds that politeness alone takes, from the requests the bookmakers counted."""
    from scraping.models import Settings

    limits = Settings.load().limits
    slowest_lists = slowest_details = 0.0
    for slug, latency in LATENCY_MS.items():
        earlier = before["requests"].get(slug, {})
        asked = {kind: count - earlier.get(kind, 0) for kind, count in after["requests"][slug].items()}
        each = (latency + limits[slug]["delay_ms"]) / 1000
        lists = asked.get("tree", 0) * each + asked.get("list", 0) * each / limits[slug]["lists"]
        slowest_lists = max(slowest_lists, lists)
        slowest_details = max(slowest_details, asked.get("detail", 0) * each / limits[slug]["details"])
    return slowest_lists + slowest_details


class _Cluster:
    """django-q's cluster as a child process, and the memory of its workers."""

    peak_mb = 0.0

    def __enter__(self):
        environment = {**os.environ, "Q_WORKERS": str(WORKERS), "LOG_LEVEL": "WARNING"}
        self.process = subprocess.Popen(
            [sys.executable, str(ROOT / "manage.py"), "qcluster"],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._stop = threading.Event()
        return self

    def __exit__(self, *exc):
        self.process.terminate()
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, 9)
            self.process.wait()

    def measure(self):
        """Keep the largest resident memory of any process of the cluster (Linux only)."""
        for status in Path("/proc").glob("[0-9]*/status"):
            try:
                fields = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
                session = int(Path(status.parent, "stat").read_text().rsplit(")", 1)[1].split()[3])
            except (OSError, ValueError, IndexError):
                continue  # it ended while we looked
            if session == self.process.pid and "VmRSS" in fields:
                self.peak_mb = max(self.peak_mb, int(fields["VmRSS"].split()[0]) / 1024)


def _say(text):
    print(f"{timezone.now():%H:%M:%S} {text}", file=sys.stderr, flush=True)
