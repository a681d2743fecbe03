"""The three fixtures by which a test module serves an application of its own."""

import pytest
from tornado.httpclient import HTTPClientError
from tornado.web import Application, RequestHandler

from tests.conftest import Client


class Hello(RequestHandler):
    def get(self) -> None:
        self.write("hello")

    def post(self) -> None:
        self.write(self.request.body)


@pytest.fixture
def app() -> Application:
    return Application([("/hello", Hello)])


async def test_the_client_fetches_from_the_server(http_server_client: Client, http_server_port: int) -> None:
    assert http_server_client.port == http_server_port
    assert (await http_server_client.fetch("/hello")).body == b"hello"
    assert (await http_server_client.fetch("/hello", method="POST", body="you")).body == b"you"
    with pytest.raises(HTTPClientError, match="404"):
        await http_server_client.fetch("/none")
