"""The cookies of our page: no script reads them, and no other site's page makes use of them.

One keeps a refresh token. The other ties a sign-in elsewhere to the browser that began it. It is as strict as the
first: whoever comes back from a provider comes to our own page, and it is that page that asks us then.

Over TLS its name begins with ``__Host-``: a browser takes it from this host alone, over TLS, for all paths
(RFC 6265bis, 4.1.3.2). Without TLS, which is for a machine by itself, browsers would refuse such a name.
"""

from tornado.httputil import HTTPServerRequest
from tornado.web import RequestHandler

from services.operations.context import Cookie

NAME = "parley"
BROWSER_NAME = "parley-browser"
LENGTH = 512
"""Longest value that is looked at."""
BROWSER_S = 600
"""Life of what ties a sign-in to a browser: as long as a sign-in may take. Each one that is begun renews it."""


def _name(request: HTTPServerRequest, name: str) -> str:
    return f"__Host-{name}" if request.protocol == "https" else name


def from_page(request: HTTPServerRequest) -> bool:
    """Tell whether our own page asks, by what browsers say and no script can change.

    ``Sec-Fetch-Site`` decides; an ``Origin`` has to be our own besides. A browser that sends neither is too old to be
    trusted with a cookie, and a program has none: then it is not our page.
    """
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    own = f"{request.protocol}://{request.host}".lower()
    if origin is not None and origin.lower() != own:
        return False
    return site == "same-origin" if site is not None else origin is not None


def kept(handler: RequestHandler, name: str = NAME) -> str | None:
    """Return what the browser has kept: a refresh token, or what is in another cookie of ours."""
    value = handler.get_cookie(_name(handler.request, name))
    return value if value and len(value) <= LENGTH else None


def keep(handler: RequestHandler, cookie: Cookie, name: str = NAME) -> None:
    """Have the browser keep a refresh token, or what is in another cookie of ours, or forget it."""
    handler.set_cookie(
        _name(handler.request, name),
        cookie.value,
        # Tornado sets no age of 0: what is to be forgotten ended a second after 1970 began.
        max_age=cookie.max_age_s or None,
        expires=1.0 if cookie.max_age_s == 0 else None,
        path="/",
        secure=handler.request.protocol == "https",
        httponly=True,
        samesite="Strict",
    )
