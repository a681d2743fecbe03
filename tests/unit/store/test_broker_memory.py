"""A node that is alone: nothing needs to be carried, and nothing is in the way."""

from store import open_broker
from tests.brokers import Ear, until


async def test_a_node_alone_keeps_nothing_of_what_nobody_hears() -> None:
    async with open_broker(None, "a", "test") as broker:
        ear = Ear(broker)
        await broker.open(ear.receive, ear.changed)
        assert broker.alone
        for _ in range(20_000):
            broker.publish("room", b"x")
        await broker.subscribe([*broker.canaries(), "room"])
        broker.publish("room", b"y")
        await until(lambda: ear.heard, "one's own")
        assert ear.heard == [("room", b"y")]
        assert (broker.dropped, await broker.listeners(["room", "x"])) == (0, {"room": 1, "x": 0})
