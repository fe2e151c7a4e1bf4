"""Whether a sandbox can be had on this node, found out by having a function try to get out of one."""

from .capability_runner import Runner
from .contract import Definition
from .sandbox import Sandbox, SandboxChoice, Unavailable, sandbox

_ESCAPES = """
import os, socket
def run():
    got = [f"sees {one}" for one in ("/dev", "/etc", "/proc", "/run", "/sys") if os.path.exists(one)]
    got += [f"has {one} in its environment" for one in os.environ]
    def connect():
        socket.create_connection(("127.0.0.1", 1))
    def write():
        open(os.path.join(os.path.dirname(os.__file__), "written"), "w").close()
    tries = {"makes a process": os.fork, "opens a connection": connect, "writes among Python's files": write}
    for name, attempt in tries.items():
        try:
            attempt()
            got.append(name)
        except OSError as error:
            if not isinstance(error, PermissionError) and error.errno != 30:
                got.append(f"{name}, as far as: {error}")
    return {"got": got}
"""

_DEFINITION = Definition(
    id="python:probe",
    source=_ESCAPES,
    module=None,
    function="run",
    cpus=0,
    gpus=0,
    memory_mb=64,
    pip=[],
    reuse="task",
    instances=1,
    timeout_ms=5_000,
    load_timeout_ms=15_000,
    sandboxed=True,
)


"""That was found to hold."""
_found: list[Sandbox] = []


def find_sandbox(choice: SandboxChoice) -> Sandbox | Unavailable:
    """Or why there is none."""
    if choice == "none":
        return Unavailable("the cluster's definition says sandbox: none")
    if _found:
        return _found[0]
    try:
        tried = sandbox()
    except Unavailable as error:
        return error
    outcome = Runner(_DEFINITION, keep=False, sandbox=tried).run("probe", ["{}"])
    if outcome.fault:
        return Unavailable(outcome.fault[1])
    if outcome.results != ['{"output":{"got":[]}}']:
        return Unavailable(f"it does not hold: {outcome.results[0][:300]}")
    _found.append(tried)
    return tried
