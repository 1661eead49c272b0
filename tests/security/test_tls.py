"""A server that cannot prove its name is nobody's venue and nobody's vault."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from mimic.settings.secrets import ProviderAway, VaultSecrets
from tests.simulators.self_signed import self_signed
from trading.domain.ports import VenueUnavailable
from trading.venues.ping import PINGS, ping

pytestmark = pytest.mark.security(24)


@pytest.fixture(scope="module")
def impostor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Answers 200 to everything, with a certificate that it wrote itself."""
    context = self_signed(tmp_path_factory.mktemp("impostor"))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"data": {"data": {"SECRET_KEY": "planted"}}}')

        def log_message(self, *_arguments: object) -> None:
            """A test's output is for its own words."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"https://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("venue", sorted(PINGS))
def test_a_venue_with_a_certificate_of_its_own_making_is_no_venue(
    impostor: str, venue: str
) -> None:
    with pytest.raises(VenueUnavailable, match="Certificate"):
        asyncio.run(ping(venue, proxy="", base_url=impostor))


def test_a_vault_with_a_certificate_of_its_own_making_gives_no_secret(impostor: str) -> None:
    vault = VaultSecrets(address=impostor, path="secret/x", token=lambda: "token")
    with pytest.raises(ProviderAway, match="ConnectError"):
        vault.read()
