"""How often somebody may make topics and rooms in them."""

from services.operations.limits import Limit

CREATE_TOPIC = Limit("create_topic", 5, 300)
