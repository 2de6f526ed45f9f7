"""The demo bookmakers: a server that speaks the three real protocols about a made-up, coherent world."""

import os

# One product of a vector and a small matrix per event: threads of the linear algebra library would only
# spin on the cores that the scraper needs. Read by the library when numpy is first imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
