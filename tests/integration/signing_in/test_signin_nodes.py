"""Sign-ins elsewhere as the operator sees them: the file of providers, several nodes, limits, and what is logged."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

from services.operations.limits import LINK_USER, LOGIN_ADDRESS, SIGN_IN_ADDRESS
from tests.client.rest import Rest
from tests.integration.conftest import Store
from tests.processes import ROOT, ServerProcess, environment, running
from tests.provider import CLIENT_SECRET, GitHubLike, OpenIdProvider, Provider, say
from tests.signing_in import URL, Browser, entry, signing_in


def started(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "server.py"), "--port", "0", *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=60, env=environment(), cwd=ROOT)


def test_server_refuses_to_start_with_a_bad_file_of_providers_and_tells_all_of_it(tmp_path: Path) -> None:
    file = tmp_path / "providers.json"
    file.touch(0o600)
    file.write_text(json.dumps([{"name": "Here", "client_secret": "hush-hush"}]))
    ended = started("--data-dir", str(tmp_path / "data"), "--providers", str(file))
    assert ended.returncode == 2
    for words in ("providers.json", "name has to be", "label is missing", "issuer is missing", "client_id is missing"):
        assert words in ended.stderr
    assert "hush-hush" not in ended.stderr + ended.stdout
    assert "Traceback" not in ended.stderr


def written(folder: Path, **providers: Provider) -> str:
    """Write the operator's file of providers; return its path."""
    file = folder / "providers.json"
    file.touch(0o600)
    file.write_text(json.dumps([entry(provider, name) for name, provider in providers.items()]))
    for name, provider in providers.items():
        provider.return_addresses.add(f"{URL}/auth/return/{name}")
    return str(file)


async def test_sign_in_link_and_unlink_do_the_same_on_each_store(store: Store, provider: OpenIdProvider) -> None:
    provider.person["email_verified"] = False
    async with GitHubLike() as hub:
        file = written(store.folder, here=provider, hub=hub)
        async with running(store.server(PARLEY_PROVIDERS=file, PARLEY_URL=URL)) as server:
            rest = Rest(server.address)
            browser = Browser(rest)
            said = await say(await browser.begin())
            answers = await asyncio.gather(*(browser.back(said) for _ in range(3)))
            (found,) = [answer.json for answer in answers if answer.status == 200]
            body = {"ticket": found["ticket"], "username": "annie"}
            answers = await asyncio.gather(*(browser.ask("POST", "providers/here/account", body) for _ in range(3)))
            (made,) = [answer.json for answer in answers if answer.status == 201]
            browser.token = made["access_token"]
            assert (await browser.link("hub")).status == 201
            assert (await Browser(rest).sign_in("hub")).ok()["user"]["id"] == made["user"]["id"]
            ids = [identity["id"] for identity in (await browser.ask("GET", "identities")).json["items"]]
            answers = await asyncio.gather(*(browser.ask("DELETE", f"identities/{id_}") for id_ in ids))
            assert sorted(answer.code or "ok" for answer in answers) == ["last_way_in", "ok"]
            await rest.close()


async def test_sign_in_that_one_node_begins_another_finishes(tmp_path: Path, provider: OpenIdProvider) -> None:
    providers = {"here": provider}
    async with signing_in(tmp_path, providers) as one, signing_in(tmp_path, providers) as two:
        first, second = Browser(one), Browser(two)
        said = await say(await first.begin())
        second.cookies = first.cookies
        ticket = (await second.back(said)).ok()["ticket"]
        assert (await first.back(said)).code == "ticket_over"
        made = await first.ask("POST", "providers/here/account", {"ticket": ticket, "username": "annie"})
        assert made.status == 201
        again = await say(await second.begin())
        assert (await first.back(again)).ok()["user"]["id"] == made.json["user"]["id"]


async def test_one_return_at_two_nodes_at_once_is_taken_once(tmp_path: Path, provider: OpenIdProvider) -> None:
    provider.lies.add("replay")
    providers = {"here": provider}
    async with signing_in(tmp_path, providers) as one, signing_in(tmp_path, providers) as two:
        first, second = Browser(one), Browser(two)
        said = await say(await first.begin())
        second.cookies = first.cookies
        answers = await asyncio.gather(*(node.back(said) for node in (first, second, first, second)))
        assert sorted(answer.code or "ok" for answer in answers) == ["ok", *["ticket_over"] * 3]


async def test_sign_ins_have_limits_of_their_address(tmp_path: Path, provider: OpenIdProvider) -> None:
    async with signing_in(tmp_path, {"here": provider}, limits=True) as parley:
        browser = Browser(parley)
        codes = [(await browser.ask("POST", "providers/here", {})).code for _ in range(SIGN_IN_ADDRESS.burst)]
        assert codes == [None] * SIGN_IN_ADDRESS.burst
        answer = await browser.ask("POST", "providers/here", {})
        assert (answer.status, answer.code) == (429, "rate_limited")
        assert 1 <= int(answer.headers["retry-after"]) <= SIGN_IN_ADDRESS.every_s


async def test_returns_count_as_tries_to_log_in(tmp_path: Path, provider: OpenIdProvider) -> None:
    async with signing_in(tmp_path, {"here": provider}, limits=True) as parley:
        browser = Browser(parley)
        for _ in range(LOGIN_ADDRESS.burst):
            assert (await browser.back({"code": "c", "state": "s"})).code == "ticket_over"
        assert (await browser.back({"code": "c", "state": "s"})).code == "rate_limited"
        body = {"login": "ann", "password": "x"}
        assert (await browser.ask("POST", "login", body)).code == "rate_limited"


async def test_links_have_limits_of_their_person(tmp_path: Path, provider: OpenIdProvider) -> None:
    async with signing_in(tmp_path, {"here": provider}, limits=True) as parley:
        browser = Browser(parley)
        browser.token = (await parley.people("eve"))[0].account.token
        codes = [(await browser.ask("POST", "identities/here/begin", {})).code for _ in range(LINK_USER.burst + 1)]
        assert codes == [*[None] * LINK_USER.burst, "rate_limited"]


async def test_no_secret_of_a_sign_in_is_logged(tmp_path: Path, provider: OpenIdProvider) -> None:
    arguments = ("--providers", written(tmp_path, here=provider), "--url", URL, "--log-level", "debug")
    async with running(ServerProcess(tmp_path / "data", *arguments)) as server:
        rest = Rest(server.address)
        browser = Browser(rest)
        said = await say(await browser.begin())
        await rest.request("GET", f"/auth/return/here?code={said['code']}&state={said['state']}")
        assert (await browser.back(said)).status == 200
        provider.lies.add("another key")
        lied = await browser.sign_in()
        assert lied.code == "identity_unproved"
        provider.faults["/token"] = "down"
        assert (await browser.sign_in()).code == "provider_unavailable"
        server.until_log(lambda: any("an identity is not proved" in line for line in server.log))
        await rest.close()
    text = "\n".join(server.log)
    secrets = [CLIENT_SECRET, said["state"], browser.cookies["parley-browser"], *provider.grants, *provider.tokens]
    assert len(secrets) > 5
    assert not [secret for secret in secrets if secret in text]
