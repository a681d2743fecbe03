"""Putting together what makes a node one of many: its hub, its relay, and what is live everywhere."""

from dataclasses import dataclass

from services.accounts.logins.tokens import Tokens
from services.metrics import Metrics
from services.rooms.rights.facts import Facts
from store.broker import Broker
from store.database import Database
from store.presence import Presence
from ws.hub.hub import Hub
from ws.relay.envelopes import Envelopes
from ws.relay.everywhere import Everywhere
from ws.relay.relay import Relay
from ws.relay.subscriptions import Subscriptions
from ws.wire.flusher import Flusher


@dataclass(frozen=True, slots=True)
class Joined:
    """One node's live side."""

    hub: Hub
    relay: Relay
    live: Everywhere
    flusher: Flusher


@dataclass(frozen=True, slots=True)
class Links:
    """What joins a node to others, and the key under which they know each other."""

    node: str
    broker: Broker
    presence: Presence
    key: bytes


def join(
    links: Links,
    database: Database,
    metrics: Metrics,
    tokens: Tokens,
    facts: Facts,
) -> Joined:
    """Build a node's live side; nothing is begun."""
    flusher = Flusher()
    subscriptions = Subscriptions(links.broker)
    hub = Hub(database, flusher, metrics, None if links.broker.alone else subscriptions)
    flusher.before = hub.flush
    envelopes = Envelopes(links.key, links.node)
    relay = Relay(links.broker, links.presence, database, hub, subscriptions, envelopes, metrics, links.node)
    return Joined(hub, relay, Everywhere(hub, relay, tokens, facts), flusher)
