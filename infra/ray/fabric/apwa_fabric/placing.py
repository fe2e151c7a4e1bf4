"""Members on Ray: each is the child of an actor, and Ray finds the actor a node."""

import asyncio
import signal
import threading
from dataclasses import dataclass, field
from typing import Any

import ray
from ray.actor import ActorHandle
from ray.exceptions import ActorUnavailableError, RayError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from .child import Child, Launch
from .cluster import Cluster
from .contract import Lost, MemberEnd, NotStarted, Pool

"""Waiting for the end takes one of an actor's threads: draining and killing must find another."""
ACTOR_THREADS = 4
"""An actor that is out of reach for a moment is asked again after this. Seconds."""
ASK_AGAIN_S = 0.5
"""An actor that was told to kill its child and did not is killed itself. Seconds."""
KILL_S = 3.0


class MemberActor:
    """Starts a member on its node and watches it."""

    def __init__(self) -> None:
        # With SIGCHLD ignored, exit codes of children are lost. Handlers are the main thread's to set.
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self._child: Child | None = None

    def start(self, launch: Launch) -> str | None:
        self._child = Child(launch)
        pid = self._child.start()
        address = ray.util.get_node_ip_address()  # type: ignore[no-untyped-call]
        return None if pid is None else f"process {pid} on node {address}"

    def wait(self) -> tuple[MemberEnd, list[str]]:
        return self._child.wait() if self._child else (NotStarted(message="it was not started"), [])

    def drain(self, grace_s: float) -> None:
        if self._child:
            self._child.drain(grace_s)

    def kill(self) -> None:
        if self._child:
            self._child.kill()


@dataclass
class PlacedOnRay:
    """A member of which Ray keeps the actor. It is not started again: the executor starts another."""

    actor: "ActorHandle[Any]"
    launch: Launch
    _abandoned: bool = False
    _pending: set[asyncio.Task[None]] = field(default_factory=set)

    async def start(self) -> str | None:
        try:
            where: str | None = await self.actor.start.remote(self.launch)
        except RayError:
            return None
        return where

    async def end(self) -> tuple[MemberEnd, list[str]]:
        while True:
            try:
                end: tuple[MemberEnd, list[str]] = await self.actor.wait.remote()
                return end
            except ActorUnavailableError:
                await asyncio.sleep(ASK_AGAIN_S)
            except RayError as error:
                if self._abandoned:
                    return NotStarted(message="it was told to stop before a node had room for it"), []
                return Lost(message=cause_of(error)), []

    def drain(self, grace_s: float) -> None:
        self.actor.drain.remote(grace_s)

    def kill(self) -> None:
        self.actor.kill.remote()
        task = asyncio.create_task(self._kill_actor())
        self._pending.add(task)
        task.add_done_callback(self._pending.discard)

    def abandon(self) -> None:
        self._abandoned = True
        ray.kill(self.actor)

    async def _kill_actor(self) -> None:
        await asyncio.sleep(KILL_S)
        if not self._abandoned:
            ray.kill(self.actor)


def place_on_ray(cluster: Cluster, instance: str, pool_name: str, pool: Pool) -> PlacedOnRay:
    """Raises ValueError for what Ray does not take."""
    options: dict[str, Any] = {
        "num_cpus": pool.cpus,
        "num_gpus": pool.gpus,
        "resources": pool.custom,
        "scheduling_strategy": "SPREAD" if pool.placement == "spread" else _packed(cluster, pool),
        "max_restarts": 0,
        "max_task_retries": 0,
        "max_concurrency": ACTOR_THREADS,
    }
    if pool.memory_bytes > 0:
        options["memory"] = pool.memory_bytes
    if pool.labels:
        options["label_selector"] = pool.labels
    env = {**pool.env, "APWA_POOL": pool_name, "APWA_INSTANCE": instance}
    actor: ActorHandle[Any] = ray.remote(MemberActor).options(**options).remote()  # type: ignore[assignment]
    return PlacedOnRay(actor, Launch(pool.command, env, pool.folder, pool.memory_bytes))


def _packed(cluster: Cluster, pool: Pool) -> "NodeAffinitySchedulingStrategy | str":
    """Left to itself, Ray fills nodes to the half. Another node is as good when this one is full by now; where none has
    room, the actor waits for one, and Ray's autoscaler sees it."""
    node = cluster.take(pool)
    if node is None:
        return "DEFAULT"
    return NodeAffinitySchedulingStrategy(node, soft=True, _spill_on_unavailable=True)


def cause_of(error: RayError) -> str:
    """Of Ray's long texts the line that says what happened."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    telling = [line for line in lines if "died" in line or "killed" in line or "cause" in line.lower()]
    return (telling or lines or [type(error).__name__])[-1][:500]
