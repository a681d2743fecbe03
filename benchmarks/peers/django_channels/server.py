"""Rooms on Django Channels with its Redis layer: ``server.py PORT REDIS_URL LAYER``."""

import sys
import time
from typing import Any

import django
import uvicorn
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.conf import settings
from django.urls import path

LAYERS = {"core": "channels_redis.core.RedisChannelLayer", "pubsub": "channels_redis.pubsub.RedisPubSubChannelLayer"}
PORT, REDIS_URL, LAYER = int(sys.argv[1]), sys.argv[2], LAYERS[sys.argv[3]]

settings.configure(
    DEBUG=False,
    ALLOWED_HOSTS=["*"],
    SECRET_KEY="of a benchmark",
    INSTALLED_APPS=["channels"],
    LOGGING_CONFIG=None,
    CHANNEL_LAYERS={"default": {"BACKEND": LAYER, "CONFIG": {"hosts": [REDIS_URL]}}},
)
django.setup()


class Member(AsyncJsonWebsocketConsumer):
    """One socket, which may join a room and talk in it."""

    room = ""

    async def receive_json(self, content: dict[str, Any], **_more: Any) -> None:
        """Join, or send to everybody in the room and acknowledge."""
        if content["op"] == "join":
            self.room = content["room"]
            await self.channel_layer.group_add(self.room, self.channel_name)
        else:
            item = {**content["d"], "author": self.channel_name, "created_at": time.time()}
            await self.channel_layer.group_send(self.room, {"type": "room.message", "item": item})
        await self.send_json({"re": content["id"], "ok": True})

    async def room_message(self, event: dict[str, Any]) -> None:
        """Pass a message of the room on to the client."""
        await self.send_json({"ev": "message", "d": event["item"]})

    async def disconnect(self, _code: int) -> None:
        """Leave the room."""
        if self.room:
            await self.channel_layer.group_discard(self.room, self.channel_name)


uvicorn.run(
    ProtocolTypeRouter({"websocket": URLRouter([path("ws", Member.as_asgi())])}),
    host="127.0.0.1",
    port=PORT,
    log_level="warning",
    access_log=False,
    ws_per_message_deflate=False,
)
