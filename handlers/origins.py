"""Whose page has a browser ask, as browsers tell and no script can change."""

from tornado.httputil import HTTPServerRequest


def is_welcome(request: HTTPServerRequest, origins: frozenset[str], url: str) -> bool:
    """Tell whether a request that changes something may be one of a browser's: of our page, or of a listed site.

    ``Sec-Fetch-Site`` decides where there is one; an older browser tells the ``Origin``, which is compared whole with
    the host that was asked and with ``url``. Programs send neither. No cookie opens anything but a log-in's renewal
    (``handlers/cookies.py``), so most of what this refuses would fail for want of a token too.
    """
    headers = request.headers
    site, origin = headers.get("Sec-Fetch-Site"), headers.get("Origin", "").lower()
    if site in ("same-origin", "none") or (origin and origin in origins):
        return True
    if site is not None:
        return False
    ours = {f"{request.protocol}://{request.host}".lower(), f"https://{request.host}".lower(), url.lower()}
    return not origin or origin in ours
