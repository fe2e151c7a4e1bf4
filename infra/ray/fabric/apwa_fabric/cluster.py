"""The cluster that the fabric runs on: its nodes, and whether it is still there."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import ray
from ray._private.state import available_resources_per_node

from .contract import Definition, Node, Pool, SandboxState
from .sandboxes import Sandboxes

LOOK_EVERY_S = 1.0
MEBIBYTE = 1024 * 1024


@dataclass
class Cluster:
    """What was seen at the last look. `answered_at` in monotonic seconds; `here`: this driver's own node is alive."""

    sandboxes: Sandboxes
    nodes: list[Node] = field(default_factory=list)
    """What nobody has of each node, by its id."""
    free: dict[str, dict[str, float]] = field(default_factory=dict)
    answered_at: float = field(default_factory=time.monotonic)
    here: bool = True

    @property
    def available(self) -> dict[str, float]:
        """What nobody has of all nodes together."""
        available: Counter[str] = Counter()
        for free in self.free.values():
            available.update(free)
        return dict(available)

    async def watch(self) -> None:
        """For ever."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_EVERY_S)

    async def look(self) -> None:
        """A cluster that does not answer blocks a thread, and not the fabric."""
        nodes, free = await asyncio.to_thread(_look)
        alive = [node for node in nodes if node["Alive"]]
        self.sandboxes.look(node["NodeID"] for node in alive)
        self.nodes = [_node(node, self.sandboxes.state_of(node["NodeID"])) for node in alive]
        self.free = {node.id: _told(free.get(node.id, {})) for node in self.nodes}
        own = ray.get_runtime_context().get_node_id()
        self.here = any(node.id == own for node in self.nodes)
        self.answered_at = time.monotonic()

    def take(self, pool: Pool) -> str | None:
        """The fullest node that has room for one more member of the pool, which counts as placed there until the next
        look; None if none has."""
        asked = asked_by(pool)
        fitting = [
            node
            for node in self.nodes
            if pool.labels.items() <= node.labels.items()
            and all(self.free[node.id].get(kind, 0) >= amount for kind, amount in asked.items())
        ]
        if not fitting:
            return None
        fullest = min(fitting, key=lambda node: sum(self.free[node.id][kind] / node.total[kind] for kind in asked))
        for kind, amount in asked.items():
            self.free[fullest.id][kind] -= amount
        return fullest.id

    async def require_sandbox(self, definition: Definition) -> None:
        """Where one is needed. Raises Refused if no node that is large enough has one; if none is, of any."""
        if not definition.sandboxed:
            return
        need = needed_by(definition)
        large = [one for one in self.nodes if all(one.total.get(kind, 0) >= amount for kind, amount in need.items())]
        await self.sandboxes.require(large or self.nodes, definition.id)

    def is_gone(self, patience_s: float) -> bool:
        return not self.here or time.monotonic() - self.answered_at > patience_s


def asked_by(pool: Pool) -> dict[str, float]:
    """What a member takes of its node, by Ray's kinds."""
    asked = {"CPU": pool.cpus, "GPU": pool.gpus, "memory": pool.memory_bytes, **pool.custom}
    return {kind: amount for kind, amount in asked.items() if amount > 0}


def needed_by(definition: Definition) -> dict[str, float]:
    """What each place of a function takes of its node."""
    return {"CPU": definition.cpus, "GPU": definition.gpus, "memory": definition.memory_mb * MEBIBYTE}


def _look() -> tuple[list[dict[str, Any]], dict[str, dict[str, float]]]:
    nodes: list[dict[str, Any]] = ray.nodes()  # type: ignore[no-untyped-call]
    free: dict[str, dict[str, float]] = available_resources_per_node()  # type: ignore[no-untyped-call]
    return nodes, free


def _node(node: dict[str, Any], sandbox: SandboxState) -> Node:
    total = node["Resources"]
    return Node(
        id=node["NodeID"],
        address=node["NodeManagerAddress"],
        head="node:__internal_head__" in total,
        total=_told(total),
        labels=node["Labels"],
        sandbox=sandbox,
    )


def _told(amounts: dict[str, float]) -> dict[str, float]:
    """Without those that Ray makes up for its own use."""
    own = ("node:", "bundle_group_", "object_store_memory", "accelerator_type:")
    return {kind: amount for kind, amount in amounts.items() if not kind.startswith(own)}
