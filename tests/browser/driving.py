"""A real Chromium on the real desk: web and dispatcher as processes on the test's own database.

Playwright's calls run in a thread of their own, so that the test beside them may use the ORM.
"""

import importlib.util
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import pytest

from oddsproject.stack import processes
from oddsproject.stack.services import answers_http
from tests import children

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
START_SECONDS = 120
WAIT_MS = 60_000
PASSWORD = "a word for this test only"


def chromium_path() -> str | None:
    """An installed Chromium: CHROMIUM, or the first that is on the path."""
    named = os.environ.get("CHROMIUM")
    return named or next((found for name in BROWSERS if (found := shutil.which(name))), None)


IN_A_BROWSER = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.slow,
    pytest.mark.skipif(importlib.util.find_spec("playwright") is None, reason="playwright is not installed"),
    pytest.mark.skipif(chromium_path() is None, reason="no Chromium is installed (CHROMIUM names one)"),
]


class Desk:
    """What one person sees. base: where it answers. do(step): runs step(page) in the browser's thread,
    returns its result."""

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

    def see(self, selector, text=None):
        """Wait until an element (with that text) is visible; returns its whole text."""

        def look(page):
            found = page.locator(selector).filter(has_text=text) if text else page.locator(selector)
            found.first.wait_for(state="visible", timeout=WAIT_MS)
            return found.first.inner_text()

        return self.do(look)

    def is_heard(self):
        """Wait until the keys of the market that focus mode shows decide: it has been seen."""
        self.until("document.querySelector('[data-item]').dataset.heard !== undefined")

    def until(self, script):
        """Wait until a script's expression is true."""
        self.do(lambda page: page.wait_for_function(script))


class Floor:
    """A running desk and a browser; everybody who signs in has cookies of their own."""

    def __init__(self, base, pool, browser):
        self.base = base
        self._pool = pool
        self._browser = browser

    @contextmanager
    def seat(self, cookies=()):
        """A Desk with these cookies, closed with the block. Raises AssertionError for errors on its console."""
        errors = []

        def open_page():
            context = self._browser.new_context(viewport={"width": 1440, "height": 1000})
            context.add_cookies([{"name": name, "value": value, "url": self.base} for name, value in cookies])
            page = context.new_page()
            page.set_default_timeout(WAIT_MS)  # the patience of a loaded machine
            page.on("pageerror", lambda error: errors.append(str(error)))
            return page

        desk = Desk(self.base, self._pool, self._pool.submit(open_page).result(timeout=180))
        try:
            yield desk
            assert errors == []
        finally:
            desk.do(lambda page: page.context.close())


@contextmanager
def open_floor():
    """Starts the desk's processes and the browser; a Floor."""
    from playwright.sync_api import sync_playwright

    port = processes.free_port()
    base = f"http://127.0.0.1:{port}"
    with ExitStack() as stack:
        env = children.environment(LOG_LEVEL="WARNING", DEBUG="1")
        web = ("-m", "oddsproject.stack.web", "oddsproject.asgi:application", "--host", "127.0.0.1",
               "--port", port, "--lifespan", "off", "--no-access-log")  # fmt: skip
        desk = stack.enter_context(children.python(*web, env=env))
        stack.enter_context(children.python("manage.py", "dispatch_notices", env=env))
        pool = stack.enter_context(ThreadPoolExecutor(1, thread_name_prefix="browser"))

        def start():
            playwright = sync_playwright().start()
            return playwright, playwright.chromium.launch(executable_path=chromium_path(), args=["--no-sandbox"])

        playwright, browser = pool.submit(start).result(timeout=180)

        def stop():
            browser.close()
            playwright.stop()

        stack.callback(lambda: pool.submit(stop).result(timeout=180))
        assert processes.wait_until(lambda: answers_http(f"{base}/healthz"), seconds=START_SECONDS, process=desk)
        yield Floor(base, pool, browser)


def fill_in_login(page, username):
    """Name and password on a page that asks for them."""
    page.fill("#id_username", username)
    page.fill("#id_password", PASSWORD)
    page.keyboard.press("Enter")
