"""Providers of sign-ins of our own, on real sockets: one of OpenID Connect, one like GitHub. They misbehave as told.

``python -m tests.provider PORT RETURN_ADDRESS`` runs the first by hand; its page has buttons, ``#allow`` and ``#deny``.
"""

import asyncio
import base64
import functools
import hashlib
import hmac
import html
import json
import secrets
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tornado.httpclient import AsyncHTTPClient
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

Json = dict[str, Any]

CLIENT_ID = "parley-under-test"
CLIENT_SECRET = "a-secret:100%&more/+"
"""With characters that a header and a form need encoded."""

ANN: Json = {"sub": "ann-1", "email": "ann@provider.example", "email_verified": True, "preferred_username": "Ann"}


@functools.cache
def private_key(algorithm: str, number: int) -> Any:
    """Return one of the keys that tests sign with; they take long to make."""
    if algorithm in ("RS256", "PS256"):
        return rsa.generate_private_key(65537, 1024 if number < 0 else 2048)
    return ec.generate_private_key(ec.SECP256R1()) if algorithm == "ES256" else ed25519.Ed25519PrivateKey.generate()


def published(key: Any, name: str, algorithm: str) -> Json:
    """Return the public half of a key as a JWK."""
    kind = jwt.get_algorithm_by_name(algorithm)
    made: Json = json.loads(kind.to_jwk(key.public_key()))
    return made | {"kid": name, "use": "sig", "alg": algorithm}


def _part(value: Json) -> bytes:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=")


@dataclass
class Grant:
    """A code that was given, and for what."""

    person: Json
    query: dict[str, str]
    used: bool = False


class Provider:
    """What both have in common: clients, codes, and faults of the wire."""

    routes: tuple[tuple[str, str], ...] = ()

    def __init__(self) -> None:
        self.person: Json = dict(ANN)
        """Who says yes on the page."""
        self.return_addresses: set[str] = set()
        self.lies: set[str] = set()
        """How it misbehaves; see where each is looked for."""
        self.faults: dict[str, str] = {}
        """By path: ``redirect``, ``huge``, ``slow``, ``down`` (500), ``missing`` (404), ``text``, ``list``."""
        self.asked: Counter[str] = Counter()
        """Requests, by path."""
        self.grants: dict[str, Grant] = {}
        self.tokens: dict[str, Json] = {}
        self.ended = asyncio.Event()
        self.port = 0

    @property
    def issuer(self) -> str:
        """Where it is, and who it says it is."""
        return f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def open(self) -> None:
        """Listen, at the same port as before where there was one."""
        self.ended.clear()
        handlers = [(path, _Handler, {"provider": self, "serve": getattr(self, name)}) for path, name in self.routes]
        self._server = HTTPServer(Application([*handlers]))
        sockets = bind_sockets(self.port, "127.0.0.1")
        self._server.add_sockets(sockets)
        self.port = sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Listen no more."""
        self.ended.set()
        self._server.stop()
        await self._server.close_all_connections()

    def give(self, query: dict[str, str]) -> str:
        """Return a code for whoever says yes."""
        code = secrets.token_urlsafe(16)
        self.grants[code] = Grant(dict(self.person), query)
        return code

    def take(self, form: dict[str, str], client: tuple[str, str]) -> Grant | None:
        """Return what a code was given for, where everything about it is right."""
        grant = self.grants.get(form.get("code", ""))
        if grant is None or client != (CLIENT_ID, CLIENT_SECRET) or (grant.used and "replay" not in self.lies):
            return None
        verifier = form.get("code_verifier", "")
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        right = grant.query.get("code_challenge") == challenge and grant.query.get("code_challenge_method") == "S256"
        if not right or not 43 <= len(verifier) <= 128 or grant.query["redirect_uri"] != form.get("redirect_uri"):
            return None
        grant.used = True
        return grant

    def bearer(self, person: Json) -> str:
        """Return an access token for what somebody may read of themselves."""
        token = secrets.token_urlsafe(24)
        self.tokens[token] = person
        return token

    def consent(self, handler: "_Handler") -> None:
        """Show the page on which somebody says yes or no, and send them back with the answer."""
        query = handler.query()
        if query.get("client_id") != CLIENT_ID or query.get("redirect_uri") not in self.return_addresses:
            handler.answer({"error": "invalid_request"}, 400)  # never sent on: it may be anywhere
            return
        if handler.request.method == "GET":
            handler.set_header("Content-Type", "text/html; charset=utf-8")
            handler.write(_PAGE.format(name=html.escape(str(self.person.get("sub", self.person.get("login"))))))
            return
        said = {"code": self.give(query)} if handler.form().get("answer") == "allow" else {"error": "access_denied"}
        back = said | {"state": query["state"]} | self.named()
        handler.redirect(f"{query['redirect_uri']}?{urlencode(back)}")

    def named(self) -> dict[str, str]:
        """Return what the answer says of who gives it."""
        return {}


_PAGE = """<!doctype html><title>Provider</title><link rel="icon" href="data:,">
<h1>Let Parley know that you are {name}?</h1>
<form method="post"><button id="allow" name="answer" value="allow">Allow</button>
<button id="deny" name="answer" value="deny">Deny</button></form>"""


class _Handler(RequestHandler):
    def initialize(self, provider: Provider, serve: Any) -> None:
        self._provider = provider
        self._serve = serve

    async def get(self) -> None:
        self._provider.asked[self.request.path] += 1
        match self._provider.faults.get(self.request.path):
            case "redirect":
                self.redirect(f"{self._provider.issuer}/elsewhere", status=307)
            case "huge":
                self.write(json.dumps({"filling": "x" * 600_000}))
            case "slow":
                await self._provider.ended.wait()
            case "down":
                self.answer({}, 500)
            case "missing":
                self.answer({}, 404)
            case "list":
                self.answer([])
            case "text":
                self.write("<p>Sorry.</p>")
            case _:
                self._serve(self)

    post = get

    def query(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.request.query).items()}

    def form(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.request.body.decode()).items()}

    def bearer(self) -> Json | None:
        return self._provider.tokens.get(self.request.headers.get("Authorization", "").removeprefix("Bearer "))

    def answer(self, body: Any, status: int = 200) -> None:
        self.set_status(status)
        self.set_header("Content-Type", "application/json")
        self.write(json.dumps(body))


@dataclass
class Key:
    """A key that tokens are signed with."""

    name: str
    algorithm: str
    private: Any
    public: Json = field(default_factory=dict)


class OpenIdProvider(Provider):
    """A provider of OpenID Connect."""

    routes = (
        ("/.well-known/openid-configuration", "discovery"),
        ("/authorize", "consent"),
        ("/token", "token"),
        ("/keys", "jwks"),
        ("/userinfo", "userinfo"),
    )

    def __init__(self, algorithm: str = "RS256") -> None:
        super().__init__()
        self.document: Json = {}
        """What differs in the document of discovery."""
        self.keys: list[Key] = []
        self.claims: Json = {}
        """What differs in ID tokens; None leaves a claim out."""
        self.told: Json = {}
        """What differs in ``/userinfo``."""
        self.rotate(algorithm)

    def rotate(self, algorithm: str = "RS256", number: int | None = None) -> None:
        """Sign with another key from now on; the one before is not published any more."""
        at = len(self.keys) if number is None else number
        private = private_key(algorithm, at)
        name = f"{algorithm}-{at}"
        self.keys.append(Key(name, algorithm, private, published(private, name, algorithm)))

    def named(self) -> dict[str, str]:
        """See ``Provider.named``."""
        if "says another issuer" in self.lies:
            return {"iss": "https://other.example"}
        return {} if "says no issuer" in self.lies else {"iss": self.issuer}

    def discovery(self, handler: _Handler) -> None:
        """Tell where everything is."""
        places = {
            "authorization_endpoint": "/authorize",
            "token_endpoint": "/token",
            "jwks_uri": "/keys",
            "userinfo_endpoint": "/userinfo",
        }
        told: Json = {name: self.issuer + path for name, path in places.items()} | {"issuer": self.issuer}
        handler.answer(told | {"authorization_response_iss_parameter_supported": True} | self.document)

    def jwks(self, handler: _Handler) -> None:
        """Publish the present key."""
        handler.answer({"keys": [self.keys[-1].public]})

    def token(self, handler: _Handler) -> None:
        """Trade a code."""
        form = handler.form()
        scheme, _, pair = handler.request.headers.get("Authorization", "").partition(" ")
        name, _, secret = base64.b64decode(pair).decode().partition(":") if scheme == "Basic" else ("", "", "")
        client = (
            (unquote(name), unquote(secret)) if name else (form.get("client_id", ""), form.get("client_secret", ""))
        )
        if "secret in a form alone" in self.lies and name:
            client = ("", "")
        grant = self.take(form, client)
        if grant is None or form.get("grant_type") != "authorization_code":
            handler.answer({"error": "invalid_grant"}, 400)
            return
        token = "not\na token" if "strange token" in self.lies else self.bearer(grant.person)
        answer = {"access_token": token, "token_type": "Bearer"}
        handler.answer(answer if "no ID token" in self.lies else answer | {"id_token": self.signed(grant)})

    def userinfo(self, handler: _Handler) -> None:
        """Tell of somebody."""
        person = handler.bearer()
        handler.answer({} if person is None else person | self.told, 401 if person is None else 200)

    def signed(self, grant: Grant) -> str:
        """Return the ID token of a grant."""
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 300, "nonce": grant.query.get("nonce")}
        person = {"sub": grant.person["sub"]} if "bare ID token" in self.lies else grant.person
        whole = {name: value for name, value in (claims | person | self.claims).items() if value is not None}
        key = self.keys[-1]
        head = {"kid": key.name}
        if "alg none" in self.lies:
            return jwt.encode(whole, "", algorithm="none", headers=head)
        if "signed with the public key" in self.lies:
            secret = key.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
            text = _part({"alg": "HS256", "typ": "JWT", **head}) + b"." + _part(whole)
            mac = base64.urlsafe_b64encode(hmac.digest(secret, text, "sha256")).rstrip(b"=")
            return (text + b"." + mac).decode()
        if "no name of a key" in self.lies:
            head = {}
        if "unknown key" in self.lies:
            head = {"kid": secrets.token_hex(8)}
        private = private_key(key.algorithm, 99) if "another key" in self.lies else key.private
        return jwt.encode(whole, private, algorithm=key.algorithm, headers=head)


class GitHubLike(Provider):
    """What GitHub has of doors, under the addresses of an installation of it."""

    routes = (
        ("/login/oauth/authorize", "consent"),
        ("/login/oauth/access_token", "token"),
        ("/api/v3/user", "user"),
        ("/api/v3/user/emails", "emails"),
    )

    def __init__(self) -> None:
        super().__init__()
        self.person = {"id": 4711, "login": "Ann-Hub", "name": "Ann"}
        self.addresses: list[Json] = [
            {"email": "old@provider.example", "primary": False, "verified": True},
            {"email": "ann@provider.example", "primary": True, "verified": True},
        ]

    def token(self, handler: _Handler) -> None:
        """Trade a code; a wrong one is answered 200, as GitHub does."""
        form = handler.form()
        grant = self.take(form, (form.get("client_id", ""), form.get("client_secret", "")))
        if grant is None:
            handler.answer({"error": "bad_verification_code"})
            return
        token = "not\na token" if "strange token" in self.lies else self.bearer(grant.person)
        handler.answer({"access_token": token, "token_type": "bearer"})

    def user(self, handler: _Handler) -> None:
        """Tell who it is."""
        handler.answer(handler.bearer() or {"message": "Bad credentials"}, 200 if handler.bearer() else 401)

    def emails(self, handler: _Handler) -> None:
        """Tell their addresses."""
        handler.answer(self.addresses, 200 if handler.bearer() else 401)


async def say(address: str, answer: str = "allow") -> dict[str, str]:
    """Do what somebody does who is sent to a provider: open its page, and press a button there.

    Return what stands in the address that they are sent back to, which is not opened; ``at`` is the address itself.
    """
    client = AsyncHTTPClient(force_instance=True)
    try:
        page = await client.fetch(address)
        assert b'id="allow"' in page.body, page.body
        body = urlencode({"answer": answer})
        sent = await client.fetch(address, method="POST", body=body, follow_redirects=False, raise_error=False)
    finally:
        client.close()
    parts = urlsplit(sent.headers["Location"])
    said = {name: values[0] for name, values in parse_qs(parts.query).items()}
    return said | {"at": f"{parts.scheme}://{parts.netloc}{parts.path}"}


async def _by_hand(port: int, return_address: str) -> None:
    provider = OpenIdProvider()
    provider.port = port
    provider.return_addresses.add(return_address)
    async with provider:
        print(f"issuer {provider.issuer}, client {CLIENT_ID}, secret {CLIENT_SECRET}", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_by_hand(int(sys.argv[1]), sys.argv[2]))
