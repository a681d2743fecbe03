"""What the fields on the wire mean that are about other names in topics; see ``glossary``."""

from typing import Final

ALIASES: Final[dict[str, str]] = {
    "alias": "The other name that somebody has in a topic.",
    "Chosen.anonymous": "Whether one's clients begin with the other name; each request says it by itself.",
    "AliasView.id": "What stands as the id of the author. It tells nothing of whose it is, and is nobody's again.",
    "AliasView.name": "The name: of letters and digits.",
    "OneAlias.alias": "Id of somebody's other name in the topic.",
    "React.anonymous": "Whether it is put there under one's other name in the topic.",
    "PutReaction.anonymous": "Whether it is put there under one's other name in the topic.",
    "Reveal.alias": "Id of somebody's other name in the topic.",
    "Reveal.reason": "Why: it stands in the audit log.",
    "Revealed.user": "Whose name it is.",
    "Send.anonymous": "Whether it is said under one's other name in the topic.",
    "topic": "Id of a topic.",
    "topic_name": "What the topic is called; empty where one may see it no more.",
    "Types.anonymous": "Whether one is shown under one's other name in the topic.",
}
