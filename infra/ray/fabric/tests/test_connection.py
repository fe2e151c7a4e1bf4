"""To whom the fabric shows its password, and what it says of whom it does not trust."""

import asyncio
import json
import ssl
import subprocess
from pathlib import Path

import pytest

from apwa_fabric import connection
from apwa_fabric.connection import connect


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
        await connect(f"{scheme}://fabric:the-password@127.0.0.1:{port}", None, "test")
    server.close()
    return eavesdropper.heard


def test_tells_nothing_to_who_has_no_tls_where_tls_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "CONNECT_S", 1.0)
    assert b"the-password" in asyncio.run(_try("nats"))
    heard = asyncio.run(_try("tls"))
    assert heard != b""
    assert b"the-password" not in heard
    assert b"CONNECT" not in heard


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders `ours` and `others`: who vouches for them differs."""
    folder = tmp_path_factory.mktemp("certificates")
    script = Path(__file__).parents[3] / "nats" / "certificates.sh"
    for name in ("ours", "others"):
        subprocess.run([script, folder / name, "IP:127.0.0.1"], check=True)
    return folder


async def _refusal(url: str, ca_file: Path | None, tls: ssl.SSLContext | None) -> str:
    """What is said of a NATS that begins with TLS, or with none."""
    server = await asyncio.start_server(Eavesdropper(), "127.0.0.1", ssl=tls)
    with pytest.raises(ConnectionError) as refused:
        await connect(f"{url}:{server.sockets[0].getsockname()[1]}", ca_file, "test")
    server.close()
    return str(refused.value)


@pytest.mark.parametrize(
    ("ca_file", "words"),
    [
        ("others/ca.crt", "its certificate is refused: unable to get local issuer certificate; who may vouch for it"),
        (None, "natsCaFile names nobody who may vouch for it"),
        ("none.crt", "none.crt (natsCaFile) holds nobody who may vouch for NATS: [Errno 2] No such file"),
        ("ours/tls.key", "tls.key (natsCaFile) holds nobody who may vouch for NATS: [X509"),
    ],
)
def test_says_whose_certificate_it_refuses(
    monkeypatch: pytest.MonkeyPatch, certificates: Path, ca_file: str | None, words: str
) -> None:
    monkeypatch.setattr(connection, "CONNECT_S", 3.0)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificates / "ours" / "tls.crt", certificates / "ours" / "tls.key")
    vouchers = certificates / ca_file if ca_file else None
    assert words in asyncio.run(_refusal("tls://127.0.0.1", vouchers, context))


def test_says_that_nobody_begins_with_tls(monkeypatch: pytest.MonkeyPatch, certificates: Path) -> None:
    monkeypatch.setattr(connection, "CONNECT_S", 3.0)
    vouchers = certificates / "ours" / "ca.crt"
    assert "no TLS begins there" in asyncio.run(_refusal("tls://127.0.0.1", vouchers, None))
