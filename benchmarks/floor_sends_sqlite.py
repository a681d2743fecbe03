"""Floor of acknowledged sends on SQLite: equal documents, equal indexes, 256 a transaction, nothing else.

``python benchmarks/floor_sends_sqlite.py DIRECTORY SECONDS STREAMS`` prints its rate and its share of a core.
Shares no code with Parley.
"""

import sqlite3
import sys
import tempfile
import time
import uuid

import msgspec

BATCH = 256
SCHEMA = """
pragma journal_mode=wal; pragma synchronous=full;
create table e(at integer primary key autoincrement, id text not null unique, stream text, rev integer, author text,
    cid text, seq integer, changed integer, doc text not null);
create unique index e1 on e(stream, rev); create unique index e2 on e(stream, author, cid);
create index e3 on e(stream, seq); create index e4 on e(stream, changed);
"""


def row(number: int, stream: str) -> tuple[str | int | bytes, ...]:
    """Return a message as its row."""
    doc = {
        "id": f"{number:013d}{stream[:13]}",
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
    columns = ("id", "stream", "rev", "author", "cid", "seq", "changed")
    return (*(doc[column] for column in columns), msgspec.json.encode(doc))  # type: ignore[arg-type]


def main(directory: str, seconds: float, streams: int) -> None:
    """Insert for ``seconds``; the streams take turns within each batch."""
    with tempfile.TemporaryDirectory(dir=directory) as place:
        db = sqlite3.connect(f"{place}/floor.db", isolation_level=None)
        db.executescript(SCHEMA)
        names = [uuid.uuid4().hex[:26] for _ in range(streams)]
        began, used, number = time.perf_counter(), time.process_time(), 0
        while time.perf_counter() - began < seconds:
            rows = [row((number + n) // streams + 1, names[(number + n) % streams]) for n in range(BATCH)]
            db.execute("begin immediate")
            db.executemany(
                "insert into e(id,stream,rev,author,cid,seq,changed,doc) values(?,?,?,?,?,?,?,cast(? as text))", rows
            )
            db.execute("commit")
            number += BATCH
        elapsed = time.perf_counter() - began
        print(number / elapsed, (time.process_time() - used) / elapsed)
        db.close()


main(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]))
