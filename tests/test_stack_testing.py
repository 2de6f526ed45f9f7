"""bin/test without arguments runs everything, in two halves."""

from configparser import ConfigParser
from pathlib import Path

from oddsproject.stack.testing import HALF, OTHER_HALF

ROOT = Path(__file__).resolve().parent.parent


def test_the_two_halves_are_the_whole_suite():
    settings = ConfigParser()
    settings.read(ROOT / "pytest.ini")
    assert sorted(settings["pytest"]["testpaths"].split()) == sorted([*HALF, *OTHER_HALF])
