"""Other names in topics: having one, speaking under it, and who may find out whose it is."""

from services.aliases.authors import author_for, permitting, require_unsilenced, topic_of

__all__ = ["author_for", "permitting", "require_unsilenced", "topic_of"]
