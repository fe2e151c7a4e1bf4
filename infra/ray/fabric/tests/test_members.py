"""What orders do, with members that are placed at the test's word."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from apwa_fabric.contract import Exited, MemberEnd, MemberWish, NotStarted, Order, Pool, Wish
from apwa_fabric.members import Members
from apwa_fabric.wire import Refused

POOL = Pool(
    cpus=1, gpus=0, memory_bytes=0, custom={}, labels={}, placement="spread", command=["member"], env={}, folder=None
)


class Placed:
    def __init__(self, instance: str) -> None:
        self.instance = instance
        self.placed: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        self.ended: asyncio.Future[tuple[MemberEnd, list[str]]] = asyncio.get_running_loop().create_future()
        self.told: list[str] = []

    async def start(self) -> str | None:
        return await self.placed

    async def end(self) -> tuple[MemberEnd, list[str]]:
        return await self.ended

    def drain(self, grace_s: float) -> None:
        self.told.append(f"drain {grace_s}")

    def kill(self) -> None:
        self.told.append("kill")

    def abandon(self) -> None:
        self.told.append("abandon")
        if not self.placed.done():
            self.placed.set_result(None)
            self.ended.set_result((NotStarted(message="abandoned"), []))


class World:
    def __init__(self) -> None:
        self.placed: dict[str, Placed] = {}
        self.changes = 0
        self.refused: set[str] = set()
        self.members = Members(self._place, self._changed)
        self._sequence = 0

    def _place(self, instance: str, _pool: str, _spec: Pool) -> Placed:
        if instance in self.refused:
            raise ValueError("no such resource")
        self.placed[instance] = Placed(instance)
        return self.placed[instance]

    def _changed(self) -> None:
        self.changes += 1

    async def order(self, *heard: str, epoch: int = 1, **wishes: Wish) -> None:
        self._sequence += 1
        members = [MemberWish(instance=name, pool="p", wish=wish, grace_ms=2_000) for name, wish in wishes.items()]
        self.members.carry_out(
            Order(
                epoch=epoch,
                sequence=self._sequence,
                lease_ms=1_000,
                pools={"p": POOL},
                members=members,
                heard=list(heard),
            )
        )
        await settle()

    def states(self) -> dict[str, str]:
        return {state.instance: state.state for state in self.members.states()}

    def ends(self) -> dict[str, str]:
        return {ended.instance: ended.end.kind for ended in self.members.ended()}


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def in_a_world(test: Callable[[World], Awaitable[Any]]) -> Callable[[], None]:
    async def run() -> None:
        await test(World())

    def named() -> None:
        asyncio.run(run())

    named.__name__ = test.__name__
    return named


@in_a_world
async def test_starts_each_member_once_and_tells_where(world: World) -> None:
    await world.order(a="run", b="run")
    await world.order(a="run", b="run")
    assert list(world.placed) == ["a", "b"]
    assert world.states() == {"a": "placing", "b": "placing"}
    world.placed["a"].placed.set_result("process 7")
    await settle()
    assert world.states() == {"a": "running", "b": "placing"}
    assert [state.where for state in world.members.states()] == ["process 7", None]
    assert world.changes == 1


@in_a_world
async def test_tells_of_a_member_that_ray_does_not_take_and_starts_the_others(world: World) -> None:
    world.refused = {"a"}
    await world.order(a="run", b="run")
    assert world.states() == {"b": "placing"}
    (ended,) = world.members.ended()
    assert ended.end == NotStarted(message="Ray does not take it: no such resource")


@in_a_world
async def test_tells_an_end_until_it_was_heard_and_starts_nobody_in_its_place(world: World) -> None:
    await world.order(a="run")
    world.placed["a"].placed.set_result("here")
    world.placed["a"].ended.set_result((Exited(code=3), ["oh"]))
    await settle()
    assert (world.states(), world.ends()) == ({}, {"a": "exited"})
    await world.order(a="run")
    assert (world.states(), world.ends(), len(world.placed)) == ({}, {"a": "exited"}, 1)
    await world.order("a")
    assert world.ends() == {}


@in_a_world
async def test_drains_those_that_are_told_to_and_those_that_are_not_named(world: World) -> None:
    await world.order(a="run", b="run", c="run")
    for placed in world.placed.values():
        placed.placed.set_result("here")
    await settle()
    await world.order(a="run", b="drain")
    await world.order(a="run", b="drain")
    assert world.states() == {"a": "running", "b": "stopping", "c": "stopping"}
    assert [placed.told for placed in world.placed.values()] == [[], ["drain 2.0"], ["drain 2.0"]]


@in_a_world
async def test_gives_up_the_place_of_one_that_has_none_yet(world: World) -> None:
    await world.order(a="run", b="run")
    await world.order(a="drain", b="kill")
    assert (world.states(), world.ends()) == ({}, {"a": "not_started", "b": "not_started"})


@in_a_world
async def test_kills_one_that_drains_too_slowly(world: World) -> None:
    await world.order(a="run")
    world.placed["a"].placed.set_result("here")
    await settle()
    await world.order(a="drain")
    await world.order(a="kill")
    await world.order(a="kill")
    assert world.placed["a"].told == ["drain 2.0", "kill"]


@in_a_world
async def test_says_that_one_ended_which_it_never_started(world: World) -> None:
    await world.order(a="drain")
    assert world.ends() == {"a": "not_started"}
    assert world.placed == {}


@in_a_world
async def test_refuses_orders_of_executors_that_were_replaced_and_those_that_were_overtaken(world: World) -> None:
    await world.order(epoch=2, a="run")
    with pytest.raises(Refused, match="Epoch 1 is over"):
        await world.order(epoch=1)
    world._sequence = 0
    with pytest.raises(Refused, match="Order 1 comes after 1"):
        await world.order(epoch=2)
    assert world.states() == {"a": "placing"}
    world._sequence = 0
    await world.order(epoch=3, a="run")
    assert world.states() == {"a": "placing"}


@in_a_world
async def test_takes_one_for_lost_whose_supervision_fails(world: World) -> None:
    await world.order(a="run")
    world.placed["a"].placed.set_result("here")
    world.placed["a"].ended.set_exception(RuntimeError("what is this?"))
    await settle()
    assert (world.states(), world.ends()) == ({}, {"a": "lost"})
    assert world.placed["a"].told == ["abandon"]


@in_a_world
async def test_stops_when_nobody_is_left(world: World) -> None:
    await world.order(a="run", b="run")
    world.placed["a"].placed.set_result("here")
    await settle()
    stopped = asyncio.create_task(world.members.stop(1.0))
    await settle()
    assert not stopped.done()
    assert world.placed["a"].told == ["drain 1.0"]
    world.placed["a"].ended.set_result((Exited(code=0), []))
    await asyncio.wait_for(stopped, 1)
