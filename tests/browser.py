"""A real Chromium on the real desk: web and dispatcher as processes on the test's own database.

Playwright's calls run in a thread of their own, so that the test beside them may use the ORM.
"""

import os
import shutil
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

from oddsproject.stack import processes
from tests import children

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
START_SECONDS = 120
WAIT_MS = 60_000


def chromium_path() -> str | None:
    """An installed Chromium: CHROMIUM, or the first that is on the path."""
    named = os.environ.get("CHROMIUM")
    return named or next((found for name in BROWSERS if (found := shutil.which(name))), None)


class Desk:
    """base: where it answers. do(step): runs step(page) in the browser's thread, returns its result."""

    def __init__(self, base, pool, page):
        self.base = base
        self._pool = pool
        self._page = page

    def do(self, step):
        return self._pool.submit(step, self._page).result(timeout=300)

    def goto(self, path):
        self.do(lambda page: page.goto(self.base + path))

    def press(self, key):
        self.do(lambda page: page.keyboard.press(key))

    def beside(self, username, password):
        """Another person at the same desk: a signed-in Desk with cookies of its own in the same browser."""
        colleague = Desk(self.base, self._pool, self.do(lambda page: _new_page(page.context.browser)))
        _sign_in(colleague, username, password)
        return colleague

    def see(self, selector, text=None):
        """Wait until an element (with that text) is visible; returns its whole text."""

        def look(page):
            found = page.locator(selector).filter(has_text=text) if text else page.locator(selector)
            found.first.wait_for(state="visible", timeout=WAIT_MS)
            return found.first.inner_text()

        return self.do(look)


@contextmanager
def open_desk(username, password):
    """A signed-in browser on a running desk. Raises AssertionError for errors on its console."""
    from playwright.sync_api import sync_playwright

    port = processes.free_port()
    base = f"http://127.0.0.1:{port}"
    with ExitStack() as stack:
        env = children.environment(LOG_LEVEL="WARNING", DEBUG="1")
        web = ("-m", "oddsproject.stack.web", "oddsproject.asgi:application", "--host", "127.0.0.1",
               "--port", port, "--lifespan", "off", "--no-access-log")  # fmt: skip
        stack.enter_context(children.python(*web, env=env))
        stack.enter_context(children.python("manage.py", "dispatch_notices", env=env))
        _wait_until_ready(base)
        pool = stack.enter_context(ThreadPoolExecutor(1, thread_name_prefix="browser"))
        errors = []

        def start():
            playwright = sync_playwright().start()
            browser = playwright.chromium.launch(executable_path=chromium_path(), args=["--no-sandbox"])
            page = _new_page(browser, viewport={"width": 1440, "height": 1000})
            page.on("pageerror", lambda error: errors.append(str(error)))
            return playwright, browser, page

        playwright, browser, page = pool.submit(start).result(timeout=180)

        def stop():
            browser.close()
            playwright.stop()

        stack.callback(lambda: pool.submit(stop).result(timeout=180))
        desk = Desk(base, pool, page)
        _sign_in(desk, username, password)
        yield desk
        assert errors == []


def _new_page(browser, **options):
    """A page with cookies of its own, and the patience of a loaded machine."""
    page = browser.new_context(**options).new_page()
    page.set_default_timeout(WAIT_MS)
    return page


def _sign_in(desk, username, password):
    desk.goto("/admin/login/?next=/admin/")

    def enter(page):
        page.fill("#id_username", username)
        page.fill("#id_password", password)
        page.keyboard.press("Enter")
        page.locator(".desk-status[data-state=connected]").wait_for(timeout=WAIT_MS)

    desk.do(enter)


def _wait_until_ready(base):
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            with urllib.request.urlopen(f"{base}/healthz", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            if time.monotonic() > deadline:
                raise
        time.sleep(0.05)
