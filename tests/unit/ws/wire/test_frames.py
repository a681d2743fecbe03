import itertools
import time
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.raw import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, close, frame, text
from tests.rules import ILLEGAL, LEGAL
from ws.wire.codes import CloseCode
from ws.wire.frames import (
    FRAGMENT_LIMIT,
    Close,
    FrameError,
    FrameReader,
    Message,
    Ping,
    Pong,
    Text,
    close_frame,
    ping_frame,
    pong_frame,
    text_frame,
)

Outcome = tuple[list[Message], int | None]
"""The messages of a reader, and the code it ended with."""

payloads = st.text(max_size=400).map(str.encode)
controls = st.binary(max_size=125)


def read(*chunks: bytes) -> Outcome:
    """Feed a reader."""
    reader, messages = FrameReader(), list[Message]()
    code = None
    for chunk in chunks:
        try:
            messages += reader.feed(chunk)
        except FrameError as error:
            assert code is None, "it is raised once"
            messages += error.before
            code = error.code
    return messages, code


@st.composite
def fragmented(draw: st.DrawFn) -> tuple[list[Message], bytes]:
    """Draw a text message in fragments with control frames between them, and what is to be read."""
    payload = draw(payloads)
    cuts = sorted(draw(st.lists(st.integers(0, len(payload)), max_size=6)))
    parts = [payload[low:high] for low, high in itertools.pairwise([0, *cuts, len(payload)])]
    expected: list[Message] = []
    data = b""
    for place, part in enumerate(parts):
        last = place == len(parts) - 1
        data += frame(CONTINUATION if place else TEXT, part, fin=last)
        if not last and draw(st.booleans()):
            ping = draw(controls)
            expected.append(Ping(ping))
            data += frame(PING, ping)
    return [*expected, Text(payload)], data


legal = st.one_of(
    payloads.map(lambda payload: ([Text(payload)], text(payload))),
    controls.map(lambda payload: ([Ping(payload)], frame(PING, payload))),
    controls.map(lambda payload: ([Pong(payload)], frame(PONG, payload))),
    fragmented(),
)
illegal = st.sampled_from([
    frame(3, b"x"), frame(TEXT, b"x", masked=False), frame(TEXT, b"\xff"), frame(BINARY, b"x"), frame(CONTINUATION),
    frame(TEXT, declared=1 << 40), frame(PING, b"x" * 126), frame(PING, fin=False), close(1005), b"\xff\xff",
])  # fmt: skip
noise = st.binary(max_size=60)


def cut(data: bytes, places: list[int]) -> list[bytes]:
    """Cut bytes at these places."""
    places = sorted(place % (len(data) + 1) for place in places)
    return [data[low:high] for low, high in itertools.pairwise([0, *places, len(data)])]


@given(st.lists(legal, max_size=8), st.lists(st.integers(0, 10_000), max_size=12))
def test_reader_returns_what_was_sent_however_it_is_cut(
    sent: list[tuple[list[Message], bytes]], places: list[int]
) -> None:
    data = b"".join(part for _, part in sent)
    assert read(*cut(data, places)) == ([message for messages, _ in sent for message in messages], None)


@given(st.lists(legal, max_size=4), illegal | noise, st.lists(st.integers(0, 10_000), max_size=12))
def test_reader_refuses_the_same_however_it_is_cut(
    sent: list[tuple[list[Message], bytes]], last: bytes, places: list[int]
) -> None:
    data = b"".join(part for _, part in sent) + last
    whole = read(data)
    assert read(*cut(data, places)) == whole
    assert read(*(bytes((byte,)) for byte in data)) == whole


@given(st.binary(max_size=400))
def test_reader_takes_any_bytes_calmly(data: bytes) -> None:
    messages, code = read(data)
    assert code in (None, 1002, 1003, 1007, 1008, 1009)
    for message in messages:
        if isinstance(message, Text):
            message.payload.decode()


@given(st.binary(max_size=70_000), st.binary(min_size=4, max_size=4))
def test_reader_unmasks(payload: bytes, key: bytes) -> None:
    payload = payload.hex().encode()[:65_536]
    assert read(frame(TEXT, payload, key=key)) == ([Text(payload)], None)


@pytest.mark.parametrize(("data", "code"), ILLEGAL.values(), ids=ILLEGAL)
def test_illegal_frame_is_refused_with_its_code(data: bytes, code: int) -> None:
    assert read(data) == ([], code)
    assert read(*(bytes((byte,)) for byte in data)) == ([], code)


@pytest.mark.parametrize(("data", "payload"), LEGAL.values(), ids=LEGAL)
def test_legal_message_is_read(data: bytes, payload: bytes) -> None:
    messages, code = read(data)
    assert (messages[-1], code) == (Text(payload), None)


def test_error_carries_what_came_before_it() -> None:
    reader = FrameReader()
    with pytest.raises(FrameError) as caught:
        reader.feed(text("one") + frame(PING, b"two") + frame(3) + text("never"))
    assert caught.value.before == [Text(b"one"), Ping(b"two")]
    assert caught.value.code is CloseCode.PROTOCOL_ERROR
    assert "1002" in str(caught.value)
    assert reader.ended
    assert reader.feed(text("never")) == []


def test_nothing_is_read_after_a_close() -> None:
    reader = FrameReader()
    assert reader.feed(close(1000, b"bye") + frame(3)) == [Close(1000, "bye")]
    assert reader.ended
    assert not reader.partial
    assert reader.feed(frame(3)) == []


def test_close_without_a_code_has_none() -> None:
    assert read(close(None)) == ([Close(None, "")], None)


@pytest.mark.parametrize("length", [b"\xff" + (1 << 40).to_bytes(8, "big"), b"\xff" + (65_537).to_bytes(8, "big")])
def test_message_too_big_is_refused_at_its_length(length: bytes) -> None:
    reader = FrameReader()
    assert reader.feed(b"\x81" + length[:-1]) == []
    with pytest.raises(FrameError) as caught:
        reader.feed(length[-1:])
    assert caught.value.code == 1009


def test_control_frames_count_neither_as_bytes_nor_as_fragments() -> None:
    data = frame(TEXT, b"x" * 65_536, fin=False) + frame(PING, b"x" * 125) * 100 + frame(CONTINUATION)
    messages, code = read(data)
    assert (len(messages), code) == (101, None)


def test_limits_begin_anew_with_each_message() -> None:
    message = b"".join(frame(CONTINUATION if place else TEXT, b"x" * 1_024, fin=place == 63) for place in range(64))
    assert read(message * 3) == ([Text(b"x" * 65_536)] * 3, None)
    assert FRAGMENT_LIMIT == 64


@pytest.mark.parametrize(
    ("data", "partial", "inside"),
    [
        (b"", False, False),
        (text("x"), False, False),
        (b"\x81", True, False),
        (text("x") + b"\x81\xff", True, False),
        (frame(PING, b"x")[:-1], True, False),
        (frame(TEXT, fin=False), True, True),
        (frame(TEXT, fin=False) + frame(PING), True, True),
        (frame(TEXT, fin=False) + frame(CONTINUATION), False, False),
    ],
    ids=["nothing", "whole", "one byte", "head", "control", "fragment", "control between", "finished"],
)
def test_partial_tells_whether_something_is_unfinished(data: bytes, partial: bool, inside: bool) -> None:
    reader = FrameReader()
    reader.feed(data)
    assert (reader.partial, reader.fragmented) == (partial, inside)


def seconds(data: bytes, chunk: int) -> float:
    """The least of the times that reading takes in chunks of this size."""

    def once() -> float:
        reader = FrameReader()
        began = time.thread_time()
        for start in range(0, len(data), chunk):
            reader.feed(data[start : start + chunk])
        return time.thread_time() - began

    return min(once() for _ in range(5))


def test_message_in_single_bytes_is_looked_at_only_where_that_is_of_use(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each look copies what has come: one look a byte would copy 2 GiB for a message of 64 KiB."""
    looks: list[int] = []
    look = FrameReader._read

    def noted(reader: FrameReader, data: bytes, messages: list[Message]) -> int:
        looks.append(len(data))
        return look(reader, data, messages)

    monkeypatch.setattr(FrameReader, "_read", noted)
    data = text(b"x" * 65_536)
    assert read(*(data[place : place + 1] for place in range(len(data)))) == ([Text(b"x" * 65_536)], None)
    assert len(looks) <= 12


def test_time_of_small_messages_is_linear_in_their_number() -> None:
    assert seconds(text(b"") * 20_000, 65_536) < 30 * seconds(text(b"") * 2_000, 65_536)


def test_time_of_small_fragments_is_linear_in_their_number() -> None:
    few = frame(TEXT, b"x", fin=False) + frame(CONTINUATION, b"x")
    many = frame(TEXT, b"x", fin=False) + frame(CONTINUATION, b"x", fin=False) * 62 + frame(CONTINUATION, b"x")
    assert seconds(many * 100, 65_536) < 3 * seconds(few * 3_200, 65_536)


def test_memory_is_that_of_one_message() -> None:
    reader = FrameReader()
    tracemalloc.start()
    reader.feed(frame(TEXT, b"x" * 65_000, fin=False) + b"\x80\xfe\x02\x18" + b"x" * 300)
    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert used < 100_000


@given(payloads)
def test_text_frame_is_what_the_rfc_says(payload: bytes) -> None:
    data = text_frame(payload)
    assert data[0] == 0x81
    assert parsed(data) == (TEXT, payload)


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536, 1_048_576])
def test_text_frame_has_the_shortest_length(size: int) -> None:
    data = text_frame(b"x" * size)
    assert len(data) - size == (2 if size < 126 else 4 if size < 65_536 else 10)
    assert parsed(data) == (TEXT, b"x" * size)


def parsed(data: bytes) -> tuple[int, bytes]:
    """Read one frame of a server."""
    size, head = data[1], 2
    if size == 126:
        size, head = int.from_bytes(data[2:4], "big"), 4
    elif size == 127:
        size, head = int.from_bytes(data[2:10], "big"), 10
    assert len(data) == head + size
    return data[0] & 0x0F, data[head:]


def test_control_frames_are_what_the_rfc_says() -> None:
    assert ping_frame() == b"\x89\x00"
    assert ping_frame(b"ab") == b"\x89\x02ab"
    assert pong_frame(b"ab") == b"\x8a\x02ab"
    assert close_frame(None) == b"\x88\x00"
    assert close_frame(4008, "slow") == b"\x88\x06\x0f\xa8slow"
    with pytest.raises(ValueError, match="126"):
        ping_frame(b"x" * 126)


@given(st.sampled_from(CloseCode), st.text())
def test_close_frame_is_cut_between_characters(code: CloseCode, reason: str) -> None:
    opcode, payload = parsed(close_frame(code, reason.encode(errors="ignore").decode() * 20))
    assert opcode == CLOSE
    assert len(payload) <= 125
    assert int.from_bytes(payload[:2], "big") == code
    payload[2:].decode()


@given(payloads, controls)
def test_what_is_framed_is_read_when_masked(payload: bytes, control: bytes) -> None:
    assert read(frame(*parsed(text_frame(payload))) + frame(*parsed(pong_frame(control)))) == (
        [Text(payload), Pong(control)],
        None,
    )
