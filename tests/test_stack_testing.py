"""bin/test without arguments runs everything, in parts side by side."""

from configparser import ConfigParser
from pathlib import Path

from oddsproject.stack.testing import PARTS, WAITING

ROOT = Path(__file__).resolve().parent.parent


def test_the_parts_are_the_whole_suite():
    settings = ConfigParser()
    settings.read(ROOT / "pytest.ini")
    named = [word for part in PARTS for word in part]
    folders = [word for word in named if not word.startswith("--")]
    assert sorted(folders) == sorted(settings["pytest"]["testpaths"].split())
    left_out = [word.removeprefix("--ignore=") for word in named if word.startswith("--")]
    assert sorted(left_out) == sorted(set(WAITING))
    assert all((ROOT / path).exists() for path in WAITING)
