from ws.wire.codes import CloseCode


def test_ranges_tell_what_to_do() -> None:
    back = {code for code in CloseCode if code.comes_back}
    assert back == {1011, 4000, 4001, 4002, 4008, 4009}


def test_every_code_of_the_protocol_is_here() -> None:
    ours = {code.value for code in CloseCode if code >= 4000}
    assert ours == {4000, 4001, 4002, 4008, 4009, 4500, 4501, 4503, 4504, 4505, 4506}


def test_every_code_has_a_meaning_of_its_own() -> None:
    assert len({code.meaning for code in CloseCode}) == len(CloseCode)
