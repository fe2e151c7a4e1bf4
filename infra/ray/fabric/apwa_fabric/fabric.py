"""Answers the executor over NATS, and ends itself when it is not wanted any more or has nothing left to run on."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from nats.aio.client import Client
from nats.aio.msg import Msg
from pydantic import BaseModel

from .capabilities import Capabilities, Open
from .cluster import Cluster
from .connection import connect
from .contract import Call, Cancel, Cancelled, Define, Defined, End, Look, Order, Report
from .members import Members, Place
from .wire import Refused, decode_request, encode_notice, encode_refusal, encode_reply, encode_results

log = logging.getLogger("apwa_fabric")

REPORTS = "apwa.fabric_report"
"""Before the first word of an executor: it submitted this job, and asks for it within moments. Milliseconds."""
FIRST_LEASE_MS = 60_000
"""Ray's own workers give up a head that is silent for so long. Seconds."""
CLUSTER_PATIENCE_S = 45.0
CHECK_EVERY_S = 0.5
"""For the last words to NATS. Seconds."""
CLOSE_S = 2.0
"""A report tells that something happened; things that happen together are told together. Seconds."""
GATHER_S = 0.01
"""Who waits for a call is told that it is not forgotten: as in `packages/messaging/src/wire.ts`. Seconds."""
ALIVE_HEADER = "Apwa-Alive"
ALIVE_EVERY_S = 2.5


@dataclass(frozen=True)
class Identity:
    cluster: str
    generation: int

    @property
    def subject(self) -> str:
        return f"apwa.fabric.{self.cluster}.{self.generation}"


class Fabric:
    def __init__(self, identity: Identity, cluster: Cluster, place: Place, open_place: Open) -> None:
        self._identity = identity
        self._cluster = cluster
        self._changed = asyncio.Event()
        self._members = Members(place, self._changed.set)
        self._capabilities = Capabilities(open_place, cluster.require_sandbox)
        self._lease_until = time.monotonic() + FIRST_LEASE_MS / 1_000
        self._ending: asyncio.Future[tuple[str, float]] = asyncio.get_running_loop().create_future()

    async def serve(self, nats_url: str, ca_file: Path | None) -> str:
        """Resolves when it has ended, with the reason."""
        client = await connect(nats_url, ca_file, f"fabric {self._identity.cluster} {self._identity.generation}")
        handlers: dict[str, Handler] = {
            "order": _encoded(self._order),
            "look": _encoded(self._look),
            "end": _encoded(self._end),
            "define": self._define,
            "call": self._call,
            "cancel": _encoded(self._cancel),
        }
        answering = Answering(client)
        for name, handle in handlers.items():
            await client.subscribe(f"{self._identity.subject}.{name}", cb=answering.by(handle))
        tasks = [asyncio.create_task(work) for work in (self._tell(client), self._check(), self._cluster.watch())]
        for task in tasks:
            task.add_done_callback(self._failed)
        reason, grace_s = await self._ending
        log.info("ending: %s", reason)
        self._capabilities.stop()
        await self._members.stop(grace_s)
        for task in tasks:
            task.cancel()
        # What ended is told a last time; NATS may be gone, and who waits for it too.
        with contextlib.suppress(Exception):
            await client.publish(REPORTS, encode_notice(self.report()))
            await asyncio.wait_for(client.close(), CLOSE_S)
        return reason

    def end(self, reason: str, grace_s: float) -> None:
        if not self._ending.done():
            self._ending.set_result((reason, grace_s))

    def report(self) -> Report:
        return Report(
            cluster=self._identity.cluster,
            generation=self._identity.generation,
            epoch=self._members.epoch,
            sequence=self._members.sequence,
            members=self._members.states(),
            ended=self._members.ended(),
            nodes=self._cluster.nodes,
            available=self._cluster.available,
            capabilities=self._capabilities.states(),
        )

    def _order(self, data: bytes) -> Report:
        order = decode_request(data, Order)
        self._refuse_when_ending()
        self._members.carry_out(order)
        self._lease(order.lease_ms)
        return self.report()

    def _look(self, data: bytes) -> Report:
        look = decode_request(data, Look)
        self._refuse_when_ending()
        self._members.hear(look.epoch)
        self._lease(look.lease_ms)
        return self.report()

    def _end(self, data: bytes) -> Report:
        end = decode_request(data, End)
        self.end("the executor wants no more of it", end.grace_ms / 1_000)
        return self.report()

    async def _define(self, data: bytes) -> bytes:
        define = decode_request(data, Define)
        self._refuse_when_ending("transient")
        await self._capabilities.define(define)
        return encode_reply(Defined(hash=define.hash))

    async def _call(self, data: bytes) -> bytes:
        call = decode_request(data, Call)
        self._refuse_when_ending("transient")
        return encode_results((await self._capabilities.call(call)).results)

    def _cancel(self, data: bytes) -> Cancelled:
        self._capabilities.cancel(decode_request(data, Cancel))
        return Cancelled()

    def _refuse_when_ending(self, error_class: Literal["refused", "transient"] = "refused") -> None:
        if self._ending.done():
            raise Refused("fabric_ending", "This fabric is about to end.", error_class)

    def _lease(self, lease_ms: int) -> None:
        self._lease_until = time.monotonic() + lease_ms / 1_000

    async def _tell(self, client: Client) -> None:
        while True:
            await self._changed.wait()
            await asyncio.sleep(GATHER_S)
            self._changed.clear()
            if client.is_connected:
                await client.publish(REPORTS, encode_notice(self.report()))

    async def _check(self) -> None:
        while True:
            await asyncio.sleep(CHECK_EVERY_S)
            if self._cluster.is_gone(CLUSTER_PATIENCE_S):
                self.end("its cluster is gone", 0)
            elif time.monotonic() > self._lease_until:
                self.end("no executor has asked for it for longer than its lease", 10)

    def _failed(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a part of the fabric failed", exc_info=error)
            self.end(f"a part of it failed: {error}", 0)


Handler = Callable[[bytes], Awaitable[bytes]]


def _encoded(handle: Callable[[bytes], BaseModel]) -> Handler:
    async def answer(data: bytes) -> bytes:
        return encode_reply(handle(data))

    return answer


class Answering:
    """Answers requests, many at a time: calls of capabilities take as long as they take."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._tasks: set[asyncio.Task[None]] = set()

    def by(self, handle: Handler) -> Callable[[Msg], Awaitable[None]]:
        async def answer(message: Msg) -> None:
            task = asyncio.create_task(self._answer(message, handle))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        return answer

    async def _answer(self, message: Msg, handle: Handler) -> None:
        task = asyncio.ensure_future(handle(message.data))
        try:
            while not (await asyncio.wait([task], timeout=ALIVE_EVERY_S))[0]:
                if message.reply:
                    await self._client.publish(message.reply, b"", headers={ALIVE_HEADER: "1"})
            reply = task.result()
        except Refused as refused:
            reply = encode_refusal(refused)
        except Exception as error:
            log.exception("%s could not be answered", message.subject)
            reply = encode_refusal(Refused("fabric_failed", f"{type(error).__name__}: {error}", "transient"))
        if message.reply:
            await message.respond(reply)
