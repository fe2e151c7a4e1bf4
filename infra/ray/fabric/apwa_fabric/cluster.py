"""The cluster that the fabric runs on: its nodes, and whether it is still there."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

import ray

from .contract import Node

LOOK_EVERY_S = 1.0


@dataclass
class Cluster:
    """What was seen at the last look. `answered_at` in monotonic seconds; `here`: this driver's own node is alive."""

    nodes: list[Node] = field(default_factory=list)
    available: dict[str, float] = field(default_factory=dict)
    answered_at: float = field(default_factory=time.monotonic)
    here: bool = True

    async def watch(self) -> None:
        """For ever. A cluster that does not answer blocks a thread, and not the fabric."""
        own = ray.get_runtime_context().get_node_id()
        while True:
            nodes, available = await asyncio.to_thread(_look)
            alive = [node for node in nodes if node["Alive"]]
            self.nodes = [_node(node) for node in alive]
            self.available = available
            self.here = any(node["NodeID"] == own for node in alive)
            self.answered_at = time.monotonic()
            await asyncio.sleep(LOOK_EVERY_S)

    def is_gone(self, patience_s: float) -> bool:
        return not self.here or time.monotonic() - self.answered_at > patience_s


def _look() -> tuple[list[dict[str, Any]], dict[str, float]]:
    nodes: list[dict[str, Any]] = ray.nodes()  # type: ignore[no-untyped-call]
    available: dict[str, float] = ray.available_resources()  # type: ignore[no-untyped-call]
    return nodes, {kind: amount for kind, amount in available.items() if _is_told(kind)}


def _node(node: dict[str, Any]) -> Node:
    total = node["Resources"]
    return Node(
        id=node["NodeID"],
        address=node["NodeManagerAddress"],
        head="node:__internal_head__" in total,
        total={kind: amount for kind, amount in total.items() if _is_told(kind)},
    )


def _is_told(kind: str) -> bool:
    """Not those that Ray makes up for its own use."""
    return not kind.startswith(("node:", "bundle_group_", "object_store_memory", "accelerator_type:"))
