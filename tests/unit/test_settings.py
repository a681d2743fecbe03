"""What is read, what is refused, and what is never told."""

import dataclasses
import re
import secrets
from ipaddress import ip_network
from pathlib import Path

import pytest

from settings import OPTIONS, Command, Option, Settings, redacted, usable_secret

GOOD_SECRET = "9f3c7a1e5b8d2064c7e90b4fa6d1385e"


def refusals(capsys: pytest.CaptureFixture[str], *arguments: str, **environ: str) -> list[str]:
    """Return the lines that tell what is wrong, without the first."""
    with pytest.raises(SystemExit) as ended:
        Settings.read(arguments, environ)
    assert ended.value.code == 2
    out, err = capsys.readouterr()
    assert out == ""
    return [line.strip() for line in err.splitlines()[1:]]


def test_nothing_given_is_the_defaults() -> None:
    assert Settings.read([], {}) == Settings()


def test_the_default_is_reached_from_this_machine_alone() -> None:
    assert Settings().address == "127.0.0.1"


def test_options_are_the_fields_in_order() -> None:
    names = [field.name for field in dataclasses.fields(Settings) if field.name != "command"]
    assert [option.name for option in OPTIONS] == names


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_told_defaults_are_the_defaults(option: Option) -> None:
    told, name = option.default, option.name
    default = getattr(Settings(), name)
    expected = {
        "url": "localhost",
        "mail_from": "Parley, at the host of --url",
        "metrics_port": "none, --port has it",
        "node": "host name and process",
        "secret": "made at start",
    }
    usual: dict[object, str] = {True: "on", None: "none", frozenset(): "none"}
    assert told == expected.get(name, usual.get(default, str(default)))


EVERY = {
    "port": ("0", 0),
    "address": ("::", "::"),
    "data_dir": ("somewhere", Path("somewhere")),
    "mongo_url": ("mongodb://a.example:1,b.example:2/parley?replicaSet=rs0",) * 2,
    "redis_url": ("rediss://:word@cache.example:6380/0",) * 2,
    "url": ("https://Chat.example:443", "https://chat.example"),
    "smtp_url": ("smtp://ada:word@mail.example:587",) * 2,
    "mail_from": ("Parley <parley@chat.example>",) * 2,
    "cors_origins": ("https://a.example, http://localhost:3000", {"https://a.example", "http://localhost:3000"}),
    "trusted_proxies": ("10.0.0.5, 192.0.2.0/24", {ip_network("10.0.0.5"), ip_network("192.0.2.0/24")}),
    "limits": ("off", False),
    "bcrypt_cost": ("4", 4),
    "log": ("json", "json"),
    "log_level": ("debug", "debug"),
    "metrics_port": ("9100", 9100),
    "metrics_address": ("Metrics.Example", "metrics.example"),
    "node": ("node-1.eu", "node-1.eu"),
    "secret": (GOOD_SECRET,) * 2,
}


@pytest.fixture
def every(tmp_path: Path) -> dict[str, tuple[str, object]]:
    """Each setting as text, and what becomes of it."""
    (path := tmp_path / "providers.json").touch(0o600)
    (calls := tmp_path / "calls.json").touch(0o600)
    (words := tmp_path / "words.txt").touch(0o600)
    return {**EVERY, "providers": (str(path), path), "calls": (str(calls), calls), "words": (str(words), words)}


def test_every_setting_is_read_from_its_variable(every: dict[str, tuple[str, object]]) -> None:
    settings = Settings.read([], {f"PARLEY_{name.upper()}": text for name, (text, _) in every.items()})
    assert {name: getattr(settings, name) for name in every} == {name: value for name, (_, value) in every.items()}
    assert set(every) == {option.name for option in OPTIONS}


def test_every_setting_but_the_secret_is_read_from_the_command_line(every: dict[str, tuple[str, object]]) -> None:
    given = {f"--{name.replace('_', '-')}": text for name, (text, _) in every.items() if name != "secret"}
    settings = Settings.read([word for pair in given.items() for word in pair], {})
    for name, (_, value) in every.items():
        assert getattr(settings, name) == (None if name == "secret" else value)


def test_the_command_line_wins() -> None:
    assert Settings.read(["--port=1"], {"PARLEY_PORT": "2", "PARLEY_NODE": "n"}).port == 1


def test_a_bad_variable_does_not_matter_where_the_command_line_wins() -> None:
    assert Settings.read(["--port", "1"], {"PARLEY_PORT": "http"}).port == 1


def test_all_bad_settings_are_told_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    lines = refusals(capsys, "--port", "http", "--prot", "1", PARLEY_BCRYPT_COST="3", PARLEY_DATADIR="x")
    assert lines == [
        "--prot: no such option; is it --port?",
        "--port (PARLEY_PORT): 'http' is not a whole number from 0 to 65535",
        "--bcrypt-cost (PARLEY_BCRYPT_COST): '3' is not a whole number from 4 to 15",
        "PARLEY_DATADIR: no such variable; is it PARLEY_DATA_DIR?",
    ]


def test_an_option_without_its_value_hides_no_other_fault(capsys: pytest.CaptureFixture[str]) -> None:
    lines = refusals(capsys, "--port", PARLEY_LOG="xml")
    assert lines == [
        "argument --port: expected one argument",
        "--log (PARLEY_LOG): 'xml' is not one of auto, json, text",
    ]


def test_a_name_like_no_other_gets_no_suggestion(capsys: pytest.CaptureFixture[str]) -> None:
    assert refusals(capsys, PARLEY_QQQQQQQQQQ="1") == ["PARLEY_QQQQQQQQQQ: no such variable"]


def test_options_are_not_guessed_from_their_beginning(capsys: pytest.CaptureFixture[str]) -> None:
    assert refusals(capsys, "--metrics-p", "1") == ["--metrics-p: no such option; is it --metrics-port?"]


def test_variables_of_the_tests_and_of_others_are_left_alone() -> None:
    assert Settings.read([], {"PARLEY_TEST_MONGO_URL": "x", "PATH": "x", "parley_port": "x"}) == Settings()


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_an_empty_value_is_refused(option: Option, capsys: pytest.CaptureFixture[str]) -> None:
    variable = option.variable
    assert refusals(capsys, **{variable: ""}) == [f"{option}: is empty; leave it out for the default"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *[("PORT", text) for text in ("-1", "65536", "+80", " 80", "8_0", "٨٠", "1e3", "9" * 5000)],
        *[("ADDRESS", text) for text in ("1.2.3", "256.0.0.1", "a b", "-a", "a..b", "http://a", "[::1]", "a" * 64)],
        *[("DATA_DIR", text) for text in (__file__, "x" * 5000)],
        *[("MONGO_URL", text) for text in ("localhost", "http://a", "mongodb://", "mongodb:///db", "mongodb://a b")],
        *[("REDIS_URL", text) for text in ("localhost:6379", "redis://", "redis://:word@/0", "unix:///socket")],
        *[("CORS_ORIGINS", text) for text in ("*", "null", "a.example", "https://*.example", "https://a.example/")],
        *[("CORS_ORIGINS", text) for text in ("https://u@a.example", "ftp://a", "https://a:65536", "https://[zz]")],
        *[("CORS_ORIGINS", text) for text in (",", "https://a.example;https://b.example", "https://bücher.example")],
        *[
            ("TRUSTED_PROXIES", text)
            for text in ("*", "proxy.example", "10.0.0.1/8", "10.0.0.0/33", "0.0.0.0/0", "::/0", ",")
        ],
        *[("URL", text) for text in ("chat.example", "https://chat.example/path", "ftp://chat.example")],
        *[("SMTP_URL", text) for text in ("mail.example", "http://mail.example", "smtp://", "smtp://a b")],
        *[("MAIL_FROM", text) for text in ("parley", "a@b, c@d", "a@b\r\nBcc: c@d", "A <a@b> <c@d>", "@b", "a@")],
        *[("MAIL_FROM", text) for text in ('"x" <a@b>', "A\n<a@b>", "Zoë <a@b>", f"{'n' * 65}<a@b>")],
        *[("PROVIDERS", text) for text in ("nowhere.json", ".", "x" * 5000, "a\0b")],
        *[("LIMITS", text) for text in ("yes", "OFF", "0")],
        *[("BCRYPT_COST", text) for text in ("3", "16")],
        *[("NODE", text) for text in ("a b", "a/b", "n" * 65, "ñ")],
    ],
)
def test_what_cannot_be_used_is_refused(name: str, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    (line,) = refusals(capsys, **{f"PARLEY_{name}": text})
    assert line.startswith(f"--{name.lower().replace('_', '-')} (PARLEY_{name}): ")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://A.Example:443", "https://a.example"),
        ("http://a.example:80", "http://a.example"),
        ("http://a.example:443", "http://a.example:443"),
        ("https://[2001:DB8::0001]:8443", "https://[2001:db8::1]:8443"),
        ("https://127.0.0.1", "https://127.0.0.1"),
    ],
)
def test_origins_are_kept_as_browsers_write_them(given: str, kept: str) -> None:
    assert Settings.read([], {"PARLEY_CORS_ORIGINS": given}).cors_origins == {kept}


@pytest.mark.parametrize(
    ("arguments", "command"),
    [
        ([], Command()),
        (["backup", "b.parley"], Command("backup", Path("b.parley"))),
        (["--port", "1", "backup", "b.parley", "--log", "json"], Command("backup", Path("b.parley"))),
        (["restore", "b.parley"], Command("restore", Path("b.parley"))),
        (["restore", "b.parley", "--force"], Command("restore", Path("b.parley"), force=True)),
        (["--force", "restore", "b.parley"], Command("restore", Path("b.parley"), force=True)),
        (["documents", "docs"], Command("documents", Path("docs"))),
        (["admin"], Command("admin")),
        (["admin", "--data-dir", "d"], Command("admin")),
    ],
)
def test_commands(arguments: list[str], command: Command) -> None:
    assert Settings.read(arguments, {}).command == command


@pytest.mark.parametrize(
    "arguments",
    [
        ["serve"],
        ["backup"],
        ["backup", "a", "b"],
        ["documents"],
        ["admin", "ada"],
        ["admin", "--force"],
        ["--force"],
        ["backup", "a", "--force"],
        ["--force", "restore"],
    ],
)
def test_what_is_no_command_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    (line,) = refusals(capsys, *arguments)
    assert line.endswith(": not a command; see --help")


def test_help_names_each_option_with_its_variable_and_default(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        Settings.read(["--help"], {"PARLEY_PORT": "http"})
    assert not ended.value.code
    told = re.sub(r"\s+", " ", capsys.readouterr().out)
    for option in OPTIONS:
        assert option.meaning in told
        assert f"default: {option.default})" in told
        assert option.variable in told
        assert (option.flag in told) is (option.name != "secret")


def test_the_secret_is_no_option(capsys: pytest.CaptureFixture[str]) -> None:
    assert refusals(capsys, "--secret", GOOD_SECRET) == ["--secret: no such option"]


@pytest.mark.parametrize(
    "text",
    [
        "short",
        GOOD_SECRET[:31],
        "a" * 64,
        "0123456789abcdef" * 4,
        "abcdefghijklmnopqrstuvwxyz0123456789",
        "change-me-change-me-please-change-me-1",
        "This-Is-My-Very-Long-Pass_Word-1977",
        "9f3c7a1e" * 4,
        "ab" * 20 + "c",
    ],
)
def test_a_short_or_sample_secret_is_refused_and_not_repeated(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    (line,) = refusals(capsys, PARLEY_SECRET=text)
    assert line.startswith("PARLEY_SECRET: ")
    assert text not in line


def test_random_secrets_are_usable() -> None:
    for _ in range(500):
        for text in (secrets.token_hex(32), secrets.token_urlsafe(32)):
            assert usable_secret(text) == text


def test_a_value_tells_no_secret() -> None:
    urls = ("mongodb://u:hush@a", "redis://:hush@a", "smtp://u:hush@a")
    told = repr(Settings(secret=GOOD_SECRET, mongo_url=urls[0], redis_url=urls[1], smtp_url=urls[2]))
    assert GOOD_SECRET not in told
    assert "hush" not in told


@pytest.mark.parametrize("tls", ["", "s"])
@pytest.mark.parametrize("rest", ["://a", "+sentinel://u:word@a:1,b:2/name?db=1", "+cluster://a:1,b:2"])
def test_all_kinds_of_redis_are_addresses(tls: str, rest: str) -> None:
    assert Settings.read([f"--redis-url=redis{tls}{rest}"], {}).redis_url == f"redis{tls}{rest}"


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("mongodb://a.example:1,b.example/parley", "mongodb://a.example:1,b.example/parley"),
        ("mongodb://u:word@a.example/parley?tlsCertificateKeyFilePassword=word", "mongodb://***@a.example/parley"),
        ("mongodb://u:w/o@r?d@a.example", "mongodb://***@a.example"),
        ("redis://:word@a.example:6379/0", "redis://***@a.example:6379/0"),
        ("rediss+sentinel://u:word@a:1,b/x?sentinel_password=word", "rediss+sentinel://***@a:1,b/x"),
        ("redis+sentinel://a:1,b/x?sentinel_password=wo@rd", "redis+sentinel://***@"),
        ("redis+cluster://:word@a:1,b:2", "redis+cluster://***@a:1,b:2"),
    ],
)
def test_redacted_tells_the_place_alone_if_at_all(url: str, told: str) -> None:
    assert redacted(url) == told


def test_a_refused_address_is_told_without_its_password(capsys: pytest.CaptureFixture[str]) -> None:
    environ = {"PARLEY_MONGO_URL": "mongodb://u:word@/x", "PARLEY_REDIS_URL": "http://u:word@a"}
    lines = refusals(capsys, "--mongo-ulr=mongodb://u:word@a", PARLEY_SMTP_URL="smtp://u:word@/", **environ)
    assert len(lines) == 4
    assert not any("word" in line for line in lines)


@pytest.mark.parametrize("sender", ["a@b", "parley@chat.example", "Parley <parley@chat.example>", "O'Neil-Co. <a@b.c>"])
def test_whom_letters_are_from_may_have_a_name(sender: str) -> None:
    assert Settings.read(["--mail-from", sender], {}).mail_from == sender


@pytest.mark.parametrize("name", ["providers", "calls"])
def test_a_file_of_secrets_that_everybody_may_read_is_refused(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "secrets.json"
    path.write_text("[]")
    path.chmod(0o644)
    (line,) = refusals(capsys, f"--{name}={path}")
    assert line.endswith("is no file, or one that every user of this machine may read: chmod 600")
    path.chmod(0o640)
    assert getattr(Settings.read([f"--{name}={path}"], {}), name) == path
