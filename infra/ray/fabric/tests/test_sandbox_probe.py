"""Whether a sandbox can be had, and what is said where the kernel does not allow one."""

import subprocess
import sys

import pytest

from apwa_fabric import sandbox_probe
from apwa_fabric.sandbox import HERE, START, Sandbox, Unavailable
from apwa_fabric.sandbox_files import outside_of
from apwa_fabric.sandbox_probe import find_sandbox

_here = find_sandbox("namespaces")
pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux has namespaces"),
    # On CI's machine it may: what then keeps a sandbox from being made is a fault.
    pytest.mark.skipif(str(_here).startswith("it may make no namespaces"), reason=f"none can be had here: {_here}"),
]


def test_finds_what_is_beside_the_library_of_python_and_not_in_it() -> None:
    within = "/opt/python/lib/python3.11/lib-dynload"
    loaded = [f"{within}/_ssl.so", f"{within}/../../libssl.so.3", "/lib/libc.so.6", "linux-vdso.so.1"]
    assert outside_of("/opt/python/lib/python3.11", loaded) == ["/lib/libc.so.6", "/opt/python/lib/libssl.so.3"]


def test_says_that_the_definition_of_the_cluster_wants_none() -> None:
    assert str(find_sandbox("none")) == "the cluster's definition says sandbox: none"


FIND = """
import sys
sys.path.insert(0, sys.argv[1])
from apwa_fabric.sandbox_probe import find_sandbox
print(find_sandbox("namespaces"))
"""


@pytest.mark.parametrize(
    ("before", "words"),
    [
        # Of this user namespace and those within it alone.
        ("echo 0 > /proc/sys/user/max_user_namespaces", "it may make no namespaces (unshare): No space left on device"),
        ("echo 0 > /proc/sys/user/max_net_namespaces", "it may make no namespaces (unshare): No space left on device"),
        ("mount -t tmpfs none /proc", "it may not say who is who in its namespace (setgroups)"),
    ],
)
def test_says_by_name_what_a_node_does_not_allow(before: str, words: str) -> None:
    script = f'{before}; exec "$0" -B -c "$1" "$2"'
    within = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script]
    command = [*within, sys.executable, FIND, str(HERE.parent)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.startswith(words)


def test_says_what_containers_do_not_allow_by_default() -> None:
    script = """
import ctypes, sys
sys.path.insert(0, sys.argv[1])
from apwa_fabric import confinement
libc = ctypes.CDLL(None)
machine, numbers = confinement.MACHINES[confinement.os.uname().machine]
program = confinement._program(machine, {"unshare": numbers["unshare"]})
libc.prctl(confinement.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
libc.prctl(confinement.PR_SET_SECCOMP, confinement.SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0)
"""
    command = [sys.executable, "-B", "-c", script + FIND, str(HERE.parent)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "it may make no namespaces (unshare): Operation not permitted\n"


def test_does_not_take_for_a_sandbox_what_holds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A launcher that starts the child as it is, with all that this process has."""
    monkeypatch.setattr(sandbox_probe, "_found", [])
    bare = [sys.executable, "-B", "-P", "-c", START, str(HERE.parent)]
    monkeypatch.setattr(Sandbox, "command", lambda _, link: [*bare, str(link)])
    found = find_sandbox("namespaces")
    assert isinstance(found, Unavailable)
    assert "it does not hold" in str(found)
    assert "sees /etc" in str(found)
