"""To whom the fabric shows its password."""

import asyncio
import json

import pytest

from apwa_fabric import fabric
from apwa_fabric.fabric import Identity, connect


class Eavesdropper:
    """Says that it is a NATS without TLS, and keeps what it is told."""

    def __init__(self) -> None:
        self.heard = b""

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        info = {"server_id": "x", "version": "2.15.2", "auth_required": True, "max_payload": 1_048_576}
        writer.write(b"INFO " + json.dumps(info).encode() + b"\r\n")
        while data := await reader.read(4_096):
            self.heard += data
        writer.close()


async def _try(scheme: str) -> bytes:
    eavesdropper = Eavesdropper()
    server = await asyncio.start_server(eavesdropper, "127.0.0.1")
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(ConnectionError, match="NATS can't be reached"):
        await connect(f"{scheme}://fabric:the-password@127.0.0.1:{port}", None, Identity("c", 1))
    server.close()
    return eavesdropper.heard


def test_tells_nothing_to_who_has_no_tls_where_tls_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fabric, "CONNECT_S", 1.0)
    assert b"the-password" in asyncio.run(_try("nats"))
    heard = asyncio.run(_try("tls"))
    assert heard != b""
    assert b"the-password" not in heard
    assert b"CONNECT" not in heard
