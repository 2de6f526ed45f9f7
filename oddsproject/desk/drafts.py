"""What people typed and had not saved: the browser keeps it (static/desk/drafts.js) until it is told here
that a form was saved."""

import re

COOKIE = "desk_saved"
TOKEN = re.compile(r"[0-9a-z]{8,40}")
KEPT_SECONDS = 3600


def saved(request, response):
    """The response that follows a saved form; its browser forgets the draft that was sent with it."""
    token = request.POST.get("draft", "")
    if TOKEN.fullmatch(token):
        response.set_cookie(COOKIE, token, max_age=KEPT_SECONDS, path="/admin/", samesite="Lax",
                            secure=request.is_secure())  # fmt: skip
    return response
