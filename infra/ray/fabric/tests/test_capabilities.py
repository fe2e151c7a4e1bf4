"""Queues and lanes, with places that answer at the test's word."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from test_capability_runner import definition

from apwa_fabric import capabilities
from apwa_fabric.capabilities import Capabilities, Lost
from apwa_fabric.capability_runner import Outcome
from apwa_fabric.contract import Call, Cancel, Define
from apwa_fabric.wire import Refused

HASH = "0" * 64
DONE = json.dumps({"output": {}})


class Place:
    def __init__(self) -> None:
        self.placed = True
        self.answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self.ran: list[tuple[str, int]] = []
        self.told: list[str] = []

    async def run(self, call: str, rows: list[str]) -> Outcome:
        self.ran.append((call, len(rows)))
        self.answer = asyncio.get_running_loop().create_future()
        return await self.answer

    def cancel(self, call: str) -> None:
        self.told.append(f"cancel {call}")
        self.answer.set_result(Outcome([]))

    def close(self) -> None:
        self.told.append("close")
        if not self.answer.done():
            self.answer.set_exception(Lost("closed"))


class World:
    def __init__(self) -> None:
        self.places: list[Place] = []
        self.placed = True
        self.refusal: Refused | None = None
        self.capabilities = Capabilities(self._open, self._require)

    async def _require(self, _definition: Any) -> None:
        if self.refusal:
            raise self.refusal

    def _open(self, _definition: Any) -> Place:
        place = Place()
        place.placed = self.placed
        self.places.append(place)
        return place

    async def define(self, **more: Any) -> None:
        source = "def run():\n    return {}"
        await self.capabilities.define(Define(hash=HASH, definition=definition(source, **more)))

    async def call(self, name: str, rows: int = 2) -> "asyncio.Task[Outcome]":
        task = asyncio.create_task(self.capabilities.call(Call(hash=HASH, call=name, rows=["{}"] * rows)))
        await settle()
        return task

    def cancel(self, name: str, running: bool = True) -> None:
        self.capabilities.cancel(Cancel(call=name, running=running))


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def scenario(test: Callable[[World], Awaitable[None]]) -> Callable[[], None]:
    async def run() -> None:
        world = World()
        await test(world)
        world.capabilities.stop()

    def wrapped() -> None:
        asyncio.run(run())

    wrapped.__name__ = test.__name__  # type: ignore[attr-defined]
    return wrapped


def code_of(task: "asyncio.Task[Outcome]") -> tuple[str, str]:
    with pytest.raises(Refused) as refused:
        task.result()
    return refused.value.code, refused.value.error_class


@scenario
async def test_has_as_many_places_as_it_may_and_keeps_them(world: World) -> None:
    await world.define(instances=2)
    calls = [await world.call(name) for name in ("a", "b", "c")]
    assert [place.ran for place in world.places] == [[("a", 2)], [("b", 2)]]
    assert [(one.waiting, one.placing) for one in world.capabilities.states()] == [(1, 0)]
    world.places[1].answer.set_result(Outcome([DONE]))
    await settle()
    assert world.places[1].ran == [("b", 2), ("c", 2)]
    for place in world.places:
        place.answer.set_result(Outcome([DONE, DONE]))
    await settle()
    assert [len(one.result().results) for one in calls] == [2, 1, 2]
    assert world.capabilities.states() == []
    await world.call("d")
    assert len(world.places) == 2


@scenario
async def test_tells_of_a_capability_that_it_was_not_told_or_that_can_not_be_compiled(world: World) -> None:
    assert code_of(await world.call("a")) == ("unknown_capability", "transient")
    with pytest.raises(Refused, match=r"python:test: line 1: ") as refused:
        await world.capabilities.define(Define(hash=HASH, definition=definition("def run(:")))
    assert (refused.value.code, refused.value.error_class) == ("capability_syntax", "refused")
    assert code_of(await world.call("a")) == ("unknown_capability", "transient")


@scenario
async def test_knows_nothing_of_a_capability_that_can_be_had_in_no_sandbox(world: World) -> None:
    world.refusal = Refused("no_sandbox", "none can be had: node a: no namespaces")
    with pytest.raises(Refused, match="none can be had: node a: no namespaces"):
        await world.define(sandboxed=True)
    assert code_of(await world.call("a")) == ("unknown_capability", "transient")


@scenario
async def test_fails_all_that_wait_when_it_can_not_be_loaded(world: World) -> None:
    await world.define()
    calls = [await world.call(name) for name in ("a", "b")]
    world.places[0].answer.set_result(Outcome([], ("capability_missing_package", "No module named 'x'")))
    await settle()
    assert [code_of(one) for one in calls] == [("capability_missing_package", "refused")] * 2


@scenario
async def test_runs_a_call_again_whose_worker_was_lost_row_by_row_and_not_for_ever(world: World) -> None:
    await world.define()
    call = await world.call("a", rows=3)
    for place, ran in enumerate([("a", 3), ("a", 1), ("a", 1)]):
        assert world.places[place].ran == [ran]
        world.places[place].answer.set_exception(Lost("the node died"))
        await settle()
    (result,) = call.result().results
    error = json.loads(result)["error"]
    assert error == {"code": "capability_crashed", "message": "its Ray worker was lost 3 times: the node died"}


@scenario
async def test_cancels_what_waits_and_what_runs(world: World) -> None:
    await world.define()
    running, queued = await world.call("a"), await world.call("b")
    world.cancel("a", running=False)
    world.cancel("b", running=False)
    world.cancel("unknown")
    await settle()
    assert not running.done()
    assert code_of(queued) == ("call_cancelled", "transient")
    world.cancel("a")
    await settle()
    assert world.places[0].told == ["cancel a"]
    assert code_of(running) == ("call_cancelled", "transient")
    after = await world.call("c")
    world.places[0].answer.set_result(Outcome([DONE]))
    await settle()
    assert after.result().results == [DONE]


@scenario
async def test_says_what_waits_for_a_node_and_gives_it_up_when_it_is_cancelled(world: World) -> None:
    world.placed = False
    await world.define()
    call = await world.call("a")
    await world.call("b")
    assert [(one.waiting, one.placing) for one in world.capabilities.states()] == [(2, 1)]
    world.cancel("a", running=False)
    await settle()
    assert code_of(call) == ("call_cancelled", "transient")
    assert "close" in world.places[0].told
    assert world.places[1].ran == [("b", 2)]


@scenario
async def test_gives_a_place_back_that_nobody_uses(world: World) -> None:
    before, capabilities.IDLE_S = capabilities.IDLE_S, 0.01
    try:
        await world.define()
        await world.call("a")
        world.places[0].answer.set_result(Outcome([DONE]))
        await asyncio.wait(world.capabilities.lanes())
        assert world.places[0].told == ["close"]
    finally:
        capabilities.IDLE_S = before


@scenario
async def test_tells_who_waits_to_ask_elsewhere_when_it_ends(world: World) -> None:
    await world.define()
    call = await world.call("a")
    world.capabilities.stop()
    await settle()
    assert code_of(call) == ("call_cancelled", "transient")
