"""On which nodes functions can be run that a model wrote: each node is asked, by a task of Ray."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable

import ray
from ray.exceptions import RayError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from .contract import Node, SandboxMissing, SandboxState, SandboxThere, SandboxUnknown
from .sandbox import SandboxChoice, Unavailable
from .sandbox_probe import find_sandbox
from .wire import Refused

log = logging.getLogger("apwa_fabric")

"""Nodes that have none are asked again: it may have been a bad moment. Seconds."""
AGAIN_S = 60.0
"""Who wants to know waits for nodes that have not answered. Seconds."""
PATIENCE_S = 10.0

Probe = Callable[[str], Awaitable[SandboxState]]


class Sandboxes:
    """`probe`: asks the node of that id."""

    def __init__(self, probe: Probe) -> None:
        self._probe = probe
        self._states: dict[str, SandboxState] = {}
        self._asked_at: dict[str, float] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def state_of(self, node: str) -> SandboxState:
        return self._states.get(node, SandboxUnknown())

    def missing(self) -> list[str]:
        return [node for node, state in self._states.items() if state.kind == "missing"]

    def look(self, alive: Iterable[str]) -> None:
        """Asks those of the nodes that have not answered, and forgets all others."""
        nodes = set(alive)
        for gone in self._states.keys() - nodes:
            del self._states[gone]
        for node in nodes - self._tasks.keys():
            state = self.state_of(node)
            again = state.kind == "missing" and time.monotonic() - self._asked_at[node] > AGAIN_S
            if again or state.kind == "unknown":
                self._tasks[node] = asyncio.create_task(self._ask(node))

    async def require(self, nodes: list[Node], who: str) -> None:
        """Returns if one of the nodes has one. Raises Refused: `no_sandbox`, or transient while it is not known."""
        wanted = [self._tasks[node.id] for node in nodes if node.id in self._tasks]
        if wanted and not any(self.state_of(node.id).kind == "there" for node in nodes):
            await asyncio.wait(wanted, timeout=PATIENCE_S)
        states = [(node.address, self.state_of(node.id)) for node in nodes]
        if any(state.kind == "there" for _, state in states):
            return
        reasons = {f"node {address}: {state.why}" for address, state in states if isinstance(state, SandboxMissing)}
        if len(reasons) == 0 or any(state.kind == "unknown" for _, state in states):
            raise Refused("sandbox_unknown", f"{who}: whether a sandbox can be had is not known yet.", "transient")
        words = "; ".join(sorted(reasons))
        raise Refused("no_sandbox", f"{who} is run in a sandbox alone, and none can be had: {words}")

    async def _ask(self, node: str) -> None:
        self._asked_at[node] = time.monotonic()
        try:
            state = await self._probe(node)
        except RayError as error:
            # The node may be gone; if it is not, it is asked at the next look.
            log.warning("node %s does not say whether it has a sandbox: %s", node, error)
        else:
            if state != self._states.get(node):
                log.info("node %s: %s", node, state)
            self._states[node] = state
        finally:
            del self._tasks[node]


async def probe_on_ray(choice: SandboxChoice, node: str) -> SandboxState:
    """Raises RayError."""
    place = NodeAffinitySchedulingStrategy(node, soft=False)
    state: SandboxState = await ray.remote(probe).options(num_cpus=0, scheduling_strategy=place).remote(choice)
    return state


def probe(choice: SandboxChoice) -> SandboxState:
    found = find_sandbox(choice)
    return SandboxMissing(why=str(found)) if isinstance(found, Unavailable) else SandboxThere()
