"""Capabilities on Ray: as actors that keep their process, and as tasks of which each has its own."""

import contextlib
from typing import Any

import ray
from ray.actor import ActorHandle
from ray.exceptions import ActorUnavailableError, RayError, RuntimeEnvSetupError

from .capabilities import Lost, Place
from .capability_runner import Outcome, Runner
from .cluster import Cluster, needed_by
from .contract import Definition
from .placing import cause_of
from .sandbox import Sandbox, SandboxChoice, Unavailable
from .sandbox_probe import find_sandbox

"""Ray's own label of a node."""
NODE_LABEL = "ray.io/node-id"
"""While a call blocks one of its threads, an actor must hear that it is cancelled."""
ACTOR_THREADS = 3
"""The end of what pip printed, in characters."""
PIP_CHARACTERS = 400


class CapabilityActor:
    def __init__(self, definition: Definition, choice: SandboxChoice) -> None:
        self._runner = _runner(definition, choice, keep=True)

    def ready(self) -> None:
        """Answers when it has a node."""

    def run(self, call: str, rows: list[str]) -> Outcome:
        return self._runner.run(call, rows) if isinstance(self._runner, Runner) else self._runner

    def cancel(self, call: str) -> None:
        if isinstance(self._runner, Runner):
            self._runner.cancel(call)


def run_once(definition: Definition, choice: SandboxChoice, call: str, rows: list[str]) -> Outcome:
    runner = _runner(definition, choice, keep=False)
    return runner.run(call, rows) if isinstance(runner, Runner) else runner


def _runner(definition: Definition, choice: SandboxChoice, keep: bool) -> Runner | Outcome:
    """Or what comes of all calls, where there is no sandbox and one is needed."""
    sandbox: Sandbox | Unavailable | None = find_sandbox(choice) if definition.sandboxed else None
    if isinstance(sandbox, Unavailable):
        return Outcome([], ("no_sandbox", f"it is run in a sandbox alone, and none can be had: {sandbox}"))
    return Runner(definition, keep, sandbox)


class ActorPlace:
    def __init__(self, definition: Definition, cluster: Cluster, choice: SandboxChoice) -> None:
        options = {
            **_options(definition, cluster),
            "max_restarts": 0,
            "max_task_retries": 0,
            "max_concurrency": ACTOR_THREADS,
        }
        make = ray.remote(CapabilityActor).options(**options)
        self._actor: ActorHandle[Any] = make.remote(definition, choice)  # type: ignore[assignment]
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

    def __init__(self, definition: Definition, cluster: Cluster, choice: SandboxChoice) -> None:
        self._definition = definition
        self._cluster = cluster
        self._choice = choice
        self._task: Any = ray.remote(run_once)
        self._running: dict[str, Any] = {}

    @property
    def placed(self) -> bool:
        """Ray does not tell whether a task has begun: one that no node is large enough for has not."""
        need = needed_by(self._definition)
        return any(
            all(one.total.get(kind, 0) >= amount for kind, amount in need.items()) for one in self._cluster.nodes
        )

    async def run(self, call: str, rows: list[str]) -> Outcome:
        task = self._task.options(**_options(self._definition, self._cluster), max_retries=0)
        reference = self._running[call] = task.remote(self._definition, self._choice, call, rows)
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


def open_on_ray(cluster: Cluster, choice: SandboxChoice, definition: Definition) -> Place:
    make = ActorPlace if definition.reuse == "actor" else TaskPlace
    return make(definition, cluster, choice)


def _options(definition: Definition, cluster: Cluster) -> dict[str, Any]:
    need = needed_by(definition)
    options: dict[str, Any] = {"num_cpus": need["CPU"], "num_gpus": need["GPU"], "memory": need["memory"]}
    # It is told that there is no sandbox where it gets to all the same: a node may be new.
    if definition.sandboxed and (without := cluster.sandboxes.missing()):
        options["label_selector"] = {NODE_LABEL: f"!in({','.join(without)})"}
    if definition.pip:
        options["runtime_env"] = {"pip": definition.pip}
    return options


def _pip_fault(error: RuntimeEnvSetupError) -> tuple[str, str]:
    lines = [line.strip() for line in str(error).splitlines() if "ERROR" in line or "Could not find" in line]
    text = " ".join(lines) if lines else str(error)
    return "capability_missing_package", f"its packages can't be installed: {text[-PIP_CHARACTERS:]}"
