"""`python -m scraping.demo '{"events": 40}'`: the demo bookmakers without Django, for tests and benchmarks."""

import json
import sys

from scraping.demo.server import DemoSettings, run

if __name__ == "__main__":
    run(DemoSettings(**json.loads(sys.argv[1] if len(sys.argv) > 1 else "{}")))
