"""The web process as bin/run starts it: uvicorn, tied to the supervisor's life."""

import uvicorn

from oddsproject.stack import lifeline

if __name__ == "__main__":
    lifeline.hold_if_asked()
    uvicorn.main()
