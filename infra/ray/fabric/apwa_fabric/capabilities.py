"""Python capabilities: calls wait in a queue per definition, and are taken from it by as many lanes as it may have."""

import asyncio
import json
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

from .capability_runner import Outcome
from .capability_syntax import fault_of
from .contract import Call, Cancel, CapabilityState, Define, Definition
from .wire import Refused

log = logging.getLogger("apwa_fabric")

"""A place that nobody has used for so long is given back: an actor keeps its resources from others. Seconds."""
IDLE_S = 30.0
"""A row whose Ray worker was lost so often, at last with no other row beside it, is not run again."""
DEATHS = 3
"""Definitions that are known: more are handed over again when they are called."""
KNOWN = 200


class Lost(Exception):
    """The Ray worker, or its node, is gone."""


class Place(Protocol):
    """Where calls are run, one after the other."""

    @property
    def placed(self) -> bool:
        """Whether a node has room for it, as far as is known."""

    async def run(self, call: str, rows: list[str]) -> Outcome:
        """Raises Lost."""

    def cancel(self, call: str) -> None: ...

    def close(self) -> None: ...


Open = Callable[[Definition], Place]
"""Raises Refused where it can't be run, for want of a sandbox."""
Require = Callable[[Definition], Awaitable[None]]


@dataclass(eq=False)
class Waiting:
    """A call that has no answer yet. `place`: where it runs."""

    call: str
    rows: list[str]
    answer: "asyncio.Future[Outcome]"
    place: Place | None = None
    deaths: int = 0


@dataclass(eq=False)
class Capability:
    hash: str
    definition: Definition
    queue: deque[Waiting] = field(default_factory=deque)
    running: set[Waiting] = field(default_factory=set)
    lanes: set[asyncio.Task[None]] = field(default_factory=set)
    idle: int = 0
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def used(self) -> bool:
        return bool(self.lanes or self.queue)

    async def next(self) -> Waiting | None:
        """The next call; None if none has come for long."""
        while not self.queue:
            self.arrived.clear()
            self.idle += 1
            try:
                await asyncio.wait_for(self.arrived.wait(), IDLE_S)
            except TimeoutError:
                return None
            finally:
                self.idle -= 1
        return self.queue.popleft()


class Capabilities:
    def __init__(self, open_place: Open, require: Require) -> None:
        self._open = open_place
        self._require = require
        self._known: dict[str, Capability] = {}
        self._calls: dict[str, tuple[Capability, Waiting]] = {}

    async def define(self, define: Define) -> None:
        """Raises Refused `capability_syntax`, or what `require` does."""
        definition = define.definition
        # Again too: the nodes may be others by now.
        await self._require(definition)
        if define.hash in self._known:
            return
        if definition.source is not None:
            fault = await asyncio.to_thread(fault_of, definition.source, definition.function, definition.id)
            if fault is not None:
                raise Refused("capability_syntax", f"{definition.id}: {fault}")
        self._known.setdefault(define.hash, Capability(define.hash, definition))
        for old in [one for one in self._known.values() if not one.used][: max(0, len(self._known) - KNOWN)]:
            if old.hash != define.hash:
                del self._known[old.hash]

    async def call(self, call: Call) -> Outcome:
        """Raises Refused: with the fault's code if the function can't be called at all, else as transient."""
        capability = self._known.get(call.hash)
        if capability is None:
            raise Refused("unknown_capability", "This fabric has not been told what that is.", "transient")
        waiting = Waiting(call.call, list(call.rows), asyncio.get_running_loop().create_future())
        self._calls[waiting.call] = (capability, waiting)
        capability.queue.append(waiting)
        capability.arrived.set()
        if len(capability.queue) > capability.idle and len(capability.lanes) < capability.definition.instances:
            lane = asyncio.create_task(self._serve(capability))
            capability.lanes.add(lane)
            lane.add_done_callback(capability.lanes.discard)
        try:
            outcome = await waiting.answer
        finally:
            self._calls.pop(waiting.call, None)
        if outcome.fault:
            code, message = outcome.fault
            raise Refused(code, f"{capability.definition.id}: {message}")
        if not outcome.results:
            raise Refused("call_cancelled", "The call was cancelled.", "transient")
        return outcome

    def cancel(self, cancel: Cancel) -> None:
        known = self._calls.get(cancel.call)
        if known is None:
            return
        capability, waiting = known
        place = waiting.place
        if place is not None and place.placed and not cancel.running:
            return
        _settle(waiting, Outcome([]))
        if waiting in capability.queue:
            capability.queue.remove(waiting)
        elif place is not None:
            # What waits for a node can't be told anything: it is given up.
            if place.placed:
                place.cancel(waiting.call)
            else:
                place.close()

    def lanes(self) -> "set[asyncio.Task[None]]":
        return {lane for one in self._known.values() for lane in one.lanes}

    def states(self) -> list[CapabilityState]:
        return [_state_of(one) for one in self._known.values() if one.queue or one.running]

    def stop(self) -> None:
        """Nothing is run any more: who waits is told to ask elsewhere."""
        for lane in self.lanes():
            lane.cancel()
        for _, waiting in list(self._calls.values()):
            _settle(waiting, Outcome([]))

    async def _serve(self, capability: Capability) -> None:
        place: Place | None = None
        try:
            while (waiting := await capability.next()) is not None:
                place = place or self._open(capability.definition)
                waiting.place = place
                capability.running.add(waiting)
                try:
                    await self._run(capability, waiting, place)
                except Lost as lost:
                    log.warning("%s: a Ray worker was lost: %s", capability.definition.id, lost)
                    place.close()
                    place = None
                    _bury(capability, waiting, str(lost))
                finally:
                    waiting.place = None
                    capability.running.discard(waiting)
        except Exception as error:
            log.exception("%s: a lane has failed", capability.definition.id)
            _give_up(capability, ("capability_load_failed", f"{type(error).__name__}: {error}"))
        finally:
            if place:
                place.close()

    async def _run(self, capability: Capability, waiting: Waiting, place: Place) -> None:
        # After a loss the rows are run one by one: then it is known at which of them it happens.
        rows = waiting.rows if waiting.deaths == 0 else waiting.rows[:1]
        try:
            outcome = await place.run(waiting.call, rows)
        except Lost:
            raise
        except Exception as error:
            _settle(waiting, Outcome([], ("capability_load_failed", f"{type(error).__name__}: {error}")))
            raise
        _settle(waiting, outcome)
        if outcome.fault:
            _give_up(capability, outcome.fault)


def _bury(capability: Capability, waiting: Waiting, why: str) -> None:
    """Of a call whose worker was lost: it is run again, unless that has happened too often."""
    if waiting.answer.done():
        return
    waiting.deaths += 1
    if waiting.deaths < DEATHS:
        capability.queue.appendleft(waiting)
        capability.arrived.set()
        return
    error = {"code": "capability_crashed", "message": f"its Ray worker was lost {DEATHS} times: {why}"}
    _settle(waiting, Outcome([json.dumps({"error": error})]))


def _give_up(capability: Capability, fault: tuple[str, str]) -> None:
    """Calls that wait would meet the same."""
    for waiting in capability.queue:
        _settle(waiting, Outcome([], fault))
    capability.queue.clear()


def _settle(waiting: Waiting, outcome: Outcome) -> None:
    if not waiting.answer.done():
        waiting.answer.set_result(outcome)


def _state_of(capability: Capability) -> CapabilityState:
    places = {one.place for one in capability.running if one.place}
    placing = [one for one in places if not one.placed]
    stuck = sum(1 for one in capability.running if one.place in placing)
    return CapabilityState(hash=capability.hash, waiting=len(capability.queue) + stuck, placing=len(placing))
