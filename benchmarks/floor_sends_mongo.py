"""Floor of acknowledged sends on Mongo: equal documents, equal indexes, ``insert_many`` of 256, nothing else.

``python benchmarks/floor_sends_mongo.py URL SECONDS STREAMS`` prints its rate and its share of a core.
Shares no code with Parley.
"""

import sys
import time
import uuid
from typing import Any

from bson import Timestamp
from pymongo import MongoClient

BATCH = 256


def document(number: int, stream: str) -> dict[str, Any]:
    """Return a message as it is kept."""
    return {
        "_id": f"{number:013d}{stream[:13]}",
        "at": Timestamp(0, 0),
        "stream": stream,
        "rev": number,
        "author": f"{number % 50:026d}",
        "cid": f"0123abcd-{number % 50}-{number}",
        "created_at": 1_763_000_000_000 + number,
        "seq": number,
        "changed": number,
        "kind": "text",
        "username": "somebody",
        "digest": "0" * 22,
        "body": {"t": "text", "text": f"a chat message of about a hundred characters {number:055d}"},
    }


def main(url: str, seconds: float, streams: int) -> None:
    """Insert for ``seconds``; the streams take turns within each batch."""
    client = MongoClient[dict[str, Any]](url, w="majority", journal=True)
    table = client[f"floor_{uuid.uuid4().hex}"].entries
    table.create_index([("stream", 1), ("rev", 1)], unique=True)
    table.create_index([("stream", 1), ("author", 1), ("cid", 1)], unique=True)
    for fields in (["stream", "seq"], ["stream", "changed"], ["at"]):
        table.create_index([(field, 1) for field in fields])
    names = [uuid.uuid4().hex[:26] for _ in range(streams)]
    began, used, number = time.perf_counter(), time.process_time(), 0
    while time.perf_counter() - began < seconds:
        table.insert_many([document((number + n) // streams + 1, names[(number + n) % streams]) for n in range(BATCH)])
        number += BATCH
    elapsed = time.perf_counter() - began
    print(number / elapsed, (time.process_time() - used) / elapsed)
    client.drop_database(table.database.name)
    client.close()


main(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]))
