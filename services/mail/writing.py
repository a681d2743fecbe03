"""Writing letters: plain text and HTML of the same paragraphs, in which nothing that people chose does anything."""

import html
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from services.mail.letter import LetterName
from services.mail.words import language

FACT_LENGTH: Final = 1000
"""Longest fact, in characters: a warning's text; all others are short."""

_LINKS: Final[Mapping[LetterName, str]] = {"reset": "/#/reset/"}
"""Where the links of letters lead. The token stands in the fragment: it is sent to no server, so it is in no log, and
whoever follows links to look for harm does nothing by it."""
_FACT: Final = re.compile(r"\{(\w+)\}")
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{1,200}")
_CODE: Final = re.compile(r"[A-Za-z0-9-]{4,32}")
_OURS: Final = frozenset({"code", "link"})

_PAGE: Final = """\
<!DOCTYPE html>
<html lang="{tag}">
<head><meta charset="utf-8"><meta name="referrer" content="no-referrer"><title>{subject}</title></head>
<body style="margin:0 auto;max-width:36em;padding:1.5em;font:16px/1.5 sans-serif;color:#222;background:#fff">
{body}
</body>
</html>
"""


@dataclass(frozen=True, slots=True)
class Written:
    """A letter in words."""

    tag: str
    """The language, as RFC 5646 has it."""
    subject: str
    text: str
    html: str


def write(name: LetterName, tag: str, facts: Mapping[str, str], url: str) -> Written:
    """Write a letter; its links lead to ``url`` alone.

    Raises:
        ValueError: If its code or token is missing, or is none.
    """
    words = language(tag)
    text = words.texts[name]
    tamed = {key: _tame(fact) for key, fact in facts.items() if key not in _OURS}
    told = {key: fact for key, fact in tamed.items() if fact not in ("", "-")}
    told |= _proofs(name, text.paragraphs, facts, url)
    if "what" in told:
        told["what"] = words.things.get(facts["what"], told["what"])
    paragraphs = [said for said in (words.greeting, *text.paragraphs) if set(_FACT.findall(said)) <= told.keys()]
    paragraphs.append(words.farewell)
    told["url"] = url
    plain = [_filled(paragraph, told) for paragraph in paragraphs]
    drawn = [_drawn(paragraph, said) for paragraph, said in zip(paragraphs, plain, strict=True)]
    page = _PAGE.format(tag=words.tag, subject=html.escape(text.subject), body="\n".join(drawn))
    return Written(words.tag, text.subject, "\n\n".join(plain) + "\n", page)


def has_proof(name: LetterName) -> bool:
    """Tell whether a letter is worth nothing later: its code, or its link, is good for minutes."""
    return bool({"{code}", "{link}"} & set(language("en").texts[name].paragraphs))


def _proofs(name: LetterName, paragraphs: tuple[str, ...], facts: Mapping[str, str], url: str) -> dict[str, str]:
    found: dict[str, str] = {}
    if "{code}" in paragraphs:
        if _CODE.fullmatch(facts.get("code", "")) is None:
            raise ValueError("the letter has no code, or one that is none")
        found["code"] = facts["code"]
    if "{link}" in paragraphs:
        if _TOKEN.fullmatch(facts.get("token", "")) is None:
            raise ValueError("the letter has no token, or one that is none")
        found["link"] = url + _LINKS[name] + facts["token"]
    return found


def _tame(fact: str) -> str:
    """Return a fact as one line of text, of which no mail program makes a link.

    Whoever gives himself the name of a site, or a program a name that says "log in here", writes into our letters.
    """
    # Characters that cannot be seen, of which some turn the direction of those after them.
    seen = "".join(" " if unicodedata.category(c) in {"Cc", "Zl", "Zp", "Zs"} else c for c in fact[: FACT_LENGTH * 2])
    kept = "".join(c for c in seen if unicodedata.category(c) not in {"Cf", "Cs", "Co", "Cn"})
    line = " ".join(kept.split())[:FACT_LENGTH]
    # U+2024 looks like a full stop, and stands in no address. Between digits it is left: a version, a network address.
    return re.sub(r"(?<=\w)\.(?=[^\W\d])", "\N{ONE DOT LEADER}", line.replace("://", ": ").replace("@", " @ "))


def _filled(paragraph: str, told: Mapping[str, str]) -> str:
    return _FACT.sub(lambda match: told[match[1]], paragraph)


def _drawn(paragraph: str, said: str) -> str:
    safe = html.escape(said)
    if paragraph == "{code}":
        return f'<p style="font:bold 28px/1.2 monospace;letter-spacing:4px">{safe}</p>'
    if paragraph == "{link}":
        return f'<p><a href="{safe}" rel="noreferrer">{safe}</a></p>'
    return f"<p>{safe}</p>"
