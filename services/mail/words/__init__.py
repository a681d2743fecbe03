"""What letters say, in each language."""

from services.mail.words import en, pt
from services.mail.words.text import Language

LANGUAGES: dict[str, Language] = {"en": en.ENGLISH, "pt": pt.PORTUGUESE}


def language(tag: str) -> Language:
    """Return the words of a language by its tag (pt, pt-BR); English where there are none."""
    return LANGUAGES.get(tag.lower().replace("_", "-").partition("-")[0], en.ENGLISH)
