"""Capabilities on Ray: as actors that keep their process, and as tasks of which each has its own."""

import contextlib
from typing import Any

import ray
from ray.actor import ActorHandle
from ray.exceptions import ActorUnavailableError, RayError, RuntimeEnvSetupError

from .capabilities import Lost, Place
from .capability_runner import Outcome, Runner
from .cluster import Cluster
from .contract import Definition
from .placing import cause_of

MEBIBYTE = 1024 * 1024
"""While a call blocks one of its threads, an actor must hear that it is cancelled."""
ACTOR_THREADS = 3
"""The end of what pip printed, in characters."""
PIP_CHARACTERS = 400


class CapabilityActor:
    def __init__(self, definition: Definition) -> None:
        self._runner = Runner(definition, keep=True)

    def ready(self) -> None:
        """Answers when it has a node."""

    def run(self, call: str, rows: list[str]) -> Outcome:
        return self._runner.run(call, rows)

    def cancel(self, call: str) -> None:
        self._runner.cancel(call)


def run_once(definition: Definition, call: str, rows: list[str]) -> Outcome:
    return Runner(definition, keep=False).run(call, rows)


class ActorPlace:
    def __init__(self, definition: Definition) -> None:
        options = {**_options(definition), "max_restarts": 0, "max_task_retries": 0, "max_concurrency": ACTOR_THREADS}
        make = ray.remote(CapabilityActor).options(**options)
        self._actor: ActorHandle[Any] = make.remote(definition)  # type: ignore[assignment]
        self._placed = False

    @property
    def placed(self) -> bool:
        return self._placed

    async def run(self, call: str, rows: list[str]) -> Outcome:
        try:
            if not self._placed:
                await self._actor.ready.remote()
                self._placed = True
            outcome: Outcome = await self._actor.run.remote(call, rows)
            return outcome
        except RuntimeEnvSetupError as error:
            return Outcome([], _pip_fault(error))
        except ActorUnavailableError as error:
            # It may still work at it, and nobody would hear of that.
            self.close()
            raise Lost(cause_of(error)) from error
        except RayError as error:
            raise Lost(cause_of(error)) from error

    def cancel(self, call: str) -> None:
        self._actor.cancel.remote(call)

    def close(self) -> None:
        ray.kill(self._actor)


class TaskPlace:
    """No place at all between two calls: Ray finds one for each."""

    def __init__(self, definition: Definition, cluster: Cluster) -> None:
        self._definition = definition
        self._cluster = cluster
        self._task: Any = ray.remote(run_once).options(**_options(definition), max_retries=0)
        self._running: dict[str, Any] = {}

    @property
    def placed(self) -> bool:
        """Ray does not tell whether a task has begun: one that no node is large enough for has not."""
        need = _resources(self._definition)
        return any(
            all(one.total.get(kind, 0) >= amount for kind, amount in need.items()) for one in self._cluster.nodes
        )

    async def run(self, call: str, rows: list[str]) -> Outcome:
        reference = self._running[call] = self._task.remote(self._definition, call, rows)
        try:
            outcome: Outcome = await reference
            return outcome
        except RuntimeEnvSetupError as error:
            return Outcome([], _pip_fault(error))
        except RayError as error:
            raise Lost(cause_of(error)) from error
        finally:
            del self._running[call]

    def cancel(self, call: str) -> None:
        with contextlib.suppress(RayError):
            if call in self._running:
                ray.cancel(self._running[call], force=True)

    def close(self) -> None:
        for call in list(self._running):
            self.cancel(call)


def open_on_ray(cluster: Cluster, definition: Definition) -> Place:
    return ActorPlace(definition) if definition.reuse == "actor" else TaskPlace(definition, cluster)


def _resources(definition: Definition) -> dict[str, float]:
    return {"CPU": definition.cpus, "GPU": definition.gpus, "memory": definition.memory_mb * MEBIBYTE}


def _options(definition: Definition) -> dict[str, Any]:
    options: dict[str, Any] = {
        "num_cpus": definition.cpus,
        "num_gpus": definition.gpus,
        "memory": definition.memory_mb * MEBIBYTE,
    }
    if definition.pip:
        options["runtime_env"] = {"pip": definition.pip}
    return options


def _pip_fault(error: RuntimeEnvSetupError) -> tuple[str, str]:
    lines = [line.strip() for line in str(error).splitlines() if "ERROR" in line or "Could not find" in line]
    text = " ".join(lines) if lines else str(error)
    return "capability_missing_package", f"its packages can't be installed: {text[-PIP_CHARACTERS:]}"
