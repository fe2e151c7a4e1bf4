"""Where functions run that a model wrote: in namespaces of their own, without network, with Python's own files, which
are read-only, an empty folder, and nothing of the environment. `sandbox_namespaces` makes them."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

HERE = Path(__file__).parent
"""Of the child, in the sandbox and outside: what its program is, and the modules of this package that it needs."""
START = (
    "import sys; sys.path.insert(0, sys.argv[1]); from apwa_fabric.capability_child import main; main(int(sys.argv[2]))"
)
MODULES = ("__init__.py", "capability_child.py", "confinement.py")
CODE = "/apwa"
SCRATCH = "/tmp"
SCRATCH_BYTES = 16 * 1024 * 1024
SCRATCH_FILES = 1_000
"""Neither the environment, nor packages, nor files written beside sources."""
BARE = ("-E", "-s", "-S", "-B", "-P", "-X", "utf8")
LIST_S = 30.0


"""Of a cluster's definition."""
SandboxChoice = Literal["namespaces", "none"]


class Unavailable(Exception):
    """No sandbox can be had here; why, in words."""


@dataclass(frozen=True)
class Sandbox:
    """`python`: the program; `layout`: what it finds, for `sandbox_namespaces`."""

    python: str
    layout: dict[str, object]

    def command(self, link: int) -> Sequence[str]:
        """What starts a child in it, with the socket of that number."""
        launcher = [self.python, "-I", "-S", "-B", str(HERE / "sandbox_namespaces.py")]
        return [*launcher, json.dumps({**self.layout, "link": link}), self.python, *BARE, "-c", START, CODE, str(link)]


@cache
def sandbox() -> Sandbox:
    """As it would be here: whether it can be had is for `sandbox_probe` to say. Raises Unavailable."""
    if sys.platform != "linux":
        raise Unavailable(f"{sys.platform} has no namespaces")
    command = [sys.executable, "-I", "-S", "-B", str(HERE / "sandbox_files.py")]
    try:
        done = subprocess.run(command, env={}, capture_output=True, text=True, timeout=LIST_S, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        raise Unavailable(f"the files of Python can't be told: {error}") from error
    told = json.loads(done.stdout)
    places = [told["program"], told["library"], *told["objects"]]
    own = [(str(HERE / name), f"{CODE}/{HERE.name}/{name}") for name in MODULES]
    layout = {
        # Where each is, outside and inside: links among them lead to what is not there.
        "files": [*((os.path.realpath(one), one) for one in places), *own],
        "hidden": told["hidden"],
        "scratch": SCRATCH,
        "scratchBytes": SCRATCH_BYTES,
        "scratchFiles": SCRATCH_FILES,
    }
    return Sandbox(told["program"], layout)
