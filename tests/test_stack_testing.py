"""bin/test without arguments runs everything, in two halves."""

from configparser import ConfigParser
from pathlib import Path

from oddsproject.stack.testing import HALF, OTHER_HALF, STACK_TESTS

ROOT = Path(__file__).resolve().parent.parent


def test_the_two_halves_are_the_whole_suite():
    settings = ConfigParser()
    settings.read(ROOT / "pytest.ini")
    folders = {path for path in (*HALF, *OTHER_HALF) if (ROOT / path).is_dir()}
    assert folders == set(settings["pytest"]["testpaths"].split())
    left_out = {option.removeprefix("--ignore=") for option in HALF if option.startswith("--")}
    assert left_out == set(STACK_TESTS) == {path for path in OTHER_HALF if path.endswith(".py")}
