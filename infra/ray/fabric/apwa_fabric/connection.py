"""The connection to NATS."""

import asyncio
import logging
import ssl
from pathlib import Path

import nats
from nats.aio.client import Client

log = logging.getLogger("apwa_fabric")

"""For the first connection. Seconds."""
CONNECT_S = 15.0


async def connect(url: str, ca_file: Path | None, name: str) -> Client:
    """For ever, once it was connected. Raises ConnectionError if it can't be at first: the address may be wrong."""
    secure = url.startswith("tls:")
    last = "no answer"

    async def noted(error: Exception) -> None:
        nonlocal last
        last = _reason(error, secure, ca_file)
        log.warning("NATS: %s", last)

    connected = nats.connect(
        servers=url.split(","),
        name=name,
        max_reconnect_attempts=-1,
        reconnect_time_wait=0.5,
        ping_interval=3,
        max_outstanding_pings=2,
        error_cb=noted,
        # It listens to no replies, for it asks nobody; so it has no inbox that NATS would have to let it have.
        tls=_vouchers(ca_file) if secure else None,
        # Else the client would go on in the clear, password and all, with who says that there is no TLS.
        tls_handshake_first=secure,
    )
    try:
        return await asyncio.wait_for(connected, CONNECT_S)
    except TimeoutError as error:
        raise ConnectionError(f"NATS can't be reached from this node within {CONNECT_S:.0f} s: {last}") from error


def _vouchers(ca_file: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise ConnectionError(f"{ca_file} (natsCaFile) holds nobody who may vouch for NATS: {error}") from error


def _reason(error: Exception, secure: bool, ca_file: Path | None) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        if not secure:
            who = "it asks for TLS: its address is to begin with tls://"
        elif ca_file is None:
            who = "natsCaFile names nobody who may vouch for it"
        else:
            who = f"who may vouch for it stands in {ca_file} (natsCaFile)"
        return f"its certificate is refused: {error.verify_message}; {who}"
    what = str(error) or type(error).__name__
    # Who speaks first, and in the clear, is often overheard by the client, which waits for the other's TLS then.
    if secure and isinstance(error, ssl.SSLError | TimeoutError):
        return f"no TLS begins there, as tls:// has it (handshake_first in NATS' configuration): {what}"
    return what
