"""Which node a member of a packed pool is sent to, of those that were seen at the last look."""

from typing import Any

import pytest

from apwa_fabric.cluster import Cluster
from apwa_fabric.contract import Node, Pool, SandboxState, SandboxUnknown
from apwa_fabric.sandboxes import Sandboxes

GIB = float(1 << 30)


def pool(**more: Any) -> Pool:
    plain: dict[str, Any] = {
        "cpus": 1,
        "gpus": 0,
        "memory_bytes": 0,
        "custom": {},
        "labels": {},
        "placement": "pack",
        "command": ["member"],
        "env": {},
        "folder": None,
    }
    return Pool(**{**plain, **more})


async def _never(_node: str) -> SandboxState:
    raise AssertionError("no node is asked")


def cluster(**nodes: dict[str, float]) -> Cluster:
    """Of nodes with 4 CPUs and 8 GiB, of which so much is free; those called `east…` have a label that says so."""
    total = {"CPU": 4.0, "memory": 8 * GIB, "GPU": 1.0, "licence": 2.0}
    labels = {name: {"zone": "east"} if name.startswith("east") else {} for name in nodes}
    return Cluster(
        Sandboxes(_never),
        nodes=[
            Node(id=name, address="a", head=False, total=total, labels=labels[name], sandbox=SandboxUnknown())
            for name in nodes
        ],
        free={name: dict(free) for name, free in nodes.items()},
    )


def test_fills_the_fullest_node_and_then_the_next() -> None:
    seen = cluster(empty={"CPU": 4}, half={"CPU": 2}, full={"CPU": 0})
    assert [seen.take(pool()) for _ in range(7)] == ["half", "half", *["empty"] * 4, None]
    assert seen.available == {"CPU": 0}


@pytest.mark.parametrize(
    ("asked", "node"),
    [
        ({"cpus": 2}, "half"),
        ({"cpus": 3}, "empty"),
        ({"cpus": 5}, None),
        ({"gpus": 1}, "empty"),
        ({"memory_bytes": int(2 * GIB)}, "half"),
        ({"memory_bytes": int(5 * GIB)}, "empty"),
        ({"custom": {"licence": 2}}, "empty"),
        ({"custom": {"tape": 1}}, None),
        ({"labels": {"zone": "east"}}, "east"),
        ({"labels": {"zone": "east"}, "gpus": 1}, None),
        ({"labels": {"zone": "west"}}, None),
        ({"cpus": 0}, "empty"),
    ],
)
def test_looks_for_all_that_is_asked_for(asked: dict[str, Any], node: str | None) -> None:
    seen = cluster(
        empty={"CPU": 4, "memory": 8 * GIB, "GPU": 1, "licence": 2},
        half={"CPU": 2, "memory": 4 * GIB, "licence": 1},
        east={"CPU": 4, "memory": 8 * GIB},
    )
    assert seen.take(pool(**asked)) == node
