"""Which nodes have a sandbox, with nodes that answer at the test's word."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from ray.exceptions import RayError
from test_capability_runner import definition

from apwa_fabric import sandboxes
from apwa_fabric.cluster import Cluster
from apwa_fabric.contract import Node, SandboxMissing, SandboxState, SandboxThere, SandboxUnknown
from apwa_fabric.sandboxes import Sandboxes
from apwa_fabric.wire import Refused

THERE = SandboxThere()
MISSING = SandboxMissing(why="it may make no namespaces")
CODE = definition("def run(): pass", sandboxed=True, cpus=1)


class World:
    """Nodes by name: each what it answers, an exception, or nothing yet."""

    def __init__(self, **answers: "SandboxState | Exception | None") -> None:
        self.answers = answers
        self.asked: list[str] = []
        self.sandboxes = Sandboxes(self._probe)
        self.cluster = Cluster(self.sandboxes)
        self.see(*answers)

    def see(self, *nodes: str) -> None:
        self.sandboxes.look(nodes)
        self.cluster.nodes = [
            Node(
                id=name,
                address=name,
                head=False,
                total={"CPU": 0.0 if name.startswith("head") else 4.0, "GPU": 0.0, "memory": 1e12},
                labels={},
                sandbox=SandboxUnknown(),
            )
            for name in nodes
        ]

    async def _probe(self, node: str) -> SandboxState:
        self.asked.append(node)
        answer = self.answers[node]
        if answer is None:
            await asyncio.Event().wait()
        if isinstance(answer, Exception):
            raise answer
        assert isinstance(answer, SandboxThere | SandboxMissing)
        return answer


def scenario(test: Callable[[], Awaitable[None]]) -> Callable[[], None]:
    def wrapped() -> None:
        asyncio.run(test())  # type: ignore[arg-type]

    wrapped.__name__ = test.__name__  # type: ignore[attr-defined]
    return wrapped


async def refusal(world: World) -> tuple[str, str, str]:
    with pytest.raises(Refused) as refused:
        await world.cluster.require_sandbox(CODE)
    return refused.value.code, refused.value.error_class, str(refused.value)


@scenario
async def test_takes_a_function_for_which_one_node_has_a_sandbox() -> None:
    world = World(a=MISSING, b=THERE)
    await world.cluster.require_sandbox(CODE)
    assert world.sandboxes.missing() == ["a"]
    assert world.sandboxes.state_of("b") == THERE


@scenario
async def test_refuses_it_by_name_where_no_node_that_is_large_enough_has_one() -> None:
    words = "python:test is run in a sandbox alone, and none can be had: "
    world = World(a=MISSING, b=MISSING, head=THERE)
    reasons = "node a: it may make no namespaces; node b: it may make no namespaces"
    assert await refusal(world) == ("no_sandbox", "refused", words + reasons)
    # What no node is large enough for waits for one: others tell what that may be like.
    assert await refusal(World(head=MISSING)) == (
        "no_sandbox",
        "refused",
        words + "node head: it may make no namespaces",
    )
    await World(head=THERE).cluster.require_sandbox(CODE)


@scenario
async def test_asks_nobody_for_a_function_that_needs_none() -> None:
    await World(a=MISSING).cluster.require_sandbox(definition("def run(): pass"))


@scenario
async def test_does_not_refuse_for_good_while_a_node_has_not_answered() -> None:
    before, sandboxes.PATIENCE_S = sandboxes.PATIENCE_S, 0.01
    try:
        assert (await refusal(World(a=MISSING, b=None)))[:2] == ("sandbox_unknown", "transient")
        assert (await refusal(World()))[:2] == ("sandbox_unknown", "transient")
    finally:
        sandboxes.PATIENCE_S = before


@scenario
async def test_asks_a_node_again_that_could_not_be_asked_and_one_that_had_none_for_long() -> None:
    world = World(a=RayError("the worker died"), b=MISSING)
    await asyncio.sleep(0.01)
    assert world.sandboxes.state_of("a") == SandboxUnknown()
    world.answers = {"a": THERE, "b": THERE}
    world.see("a", "b")
    await asyncio.sleep(0.01)
    assert (world.sandboxes.state_of("a"), world.sandboxes.state_of("b")) == (THERE, MISSING)
    before, sandboxes.AGAIN_S = sandboxes.AGAIN_S, 0.0
    try:
        world.see("a", "b")
        await asyncio.sleep(0.01)
    finally:
        sandboxes.AGAIN_S = before
    assert world.sandboxes.state_of("b") == THERE
    assert sorted(world.asked) == ["a", "a", "b", "b"]


@scenario
async def test_forgets_nodes_that_are_gone() -> None:
    world = World(a=MISSING)
    await asyncio.sleep(0.01)
    world.see()
    assert world.sandboxes.missing() == []
