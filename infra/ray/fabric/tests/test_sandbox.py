"""What a model may have written, in a real sandbox: each attack is refused within its limits, and other rows don't
notice."""

import json
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from test_capability_runner import definition

from apwa_fabric.capability_runner import Outcome, Runner
from apwa_fabric.sandbox import BARE, sandbox
from apwa_fabric.sandbox_probe import find_sandbox

_here = find_sandbox("namespaces")
pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux has namespaces"),
    # On CI's machine it may: what then keeps a sandbox from being made is a fault.
    pytest.mark.skipif(str(_here).startswith("it may make no namespaces"), reason=f"none can be had here: {_here}"),
]

Make = Callable[..., Runner]


@pytest.fixture
def make() -> Iterator[Make]:
    made: list[Runner] = []

    def start(source: str, keep: bool = True, **more: Any) -> Runner:
        runner = Runner(definition(source, sandboxed=True, **more), keep, sandbox())
        made.append(runner)
        return runner

    yield start
    for runner in made:
        runner.close()


def results_of(outcome: Outcome) -> list[dict[str, Any]]:
    assert outcome.fault is None
    return [json.loads(one) for one in outcome.results]


def attacked(body: str) -> str:
    """A function that does `body` where it is told to, and else what it is for."""
    lines = body.strip("\n").replace("\n", "\n    ")
    usual = "    if not attack:\n        return {'n': n}\n"
    return f"def run(n, attack):\n{usual}    {lines}\n    return {{'got': 'away'}}\n"


def attack(runner: Runner) -> dict[str, Any]:
    """What came of it; the rows beside it must not notice."""
    rows = [json.dumps({"n": n, "attack": n == 1}) for n in range(3)]
    results: list[dict[str, Any]] = []
    while len(results) < len(rows):
        told = results_of(runner.run("c", rows[len(results) :]))
        assert told
        results += told
    assert [results[0], results[2]] == [{"output": {"n": 0}}, {"output": {"n": 2}}]
    return results[1]


def says(line: bytes, before: str = "if True:") -> str:
    """To whatever it has open, its socket among it."""
    tries = f"for fd in range(3, 32):\n        try: os.write(fd, {line!r})\n        except OSError: pass"
    return f"import os\n{before}\n    {tries}"


def refused(result: dict[str, Any]) -> str:
    assert result["error"]["code"] == "capability_failed"
    return str(result["error"]["message"])


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("open('/etc/passwd').read()", "FileNotFoundError"),
        ("open('/etc/shadow').read()", "FileNotFoundError"),
        ("open('/proc/self/environ').read()", "FileNotFoundError"),
        ("open('/proc/1/root/etc/passwd').read()", "FileNotFoundError"),
        ("open('{token}').read()", "FileNotFoundError"),
        ("open('{token}', 'w')", "FileNotFoundError"),
        ("import os; os.environ['PATH']", "KeyError"),
        ("import socket; socket.create_connection(('127.0.0.1', {port}))", "PermissionError"),
        ("import socket; socket.socket(socket.AF_UNIX).connect('{path}')", "PermissionError"),
        ("import socket; socket.getaddrinfo('example.com', 80)", "gaierror"),
        ("import os; os.fork()", "PermissionError"),
        ("import subprocess; subprocess.run(['/bin/sh', '-c', 'id'])", "PermissionError"),
        ("import os, sys; os.execv(sys.executable, ['python'])", "PermissionError"),
        ("import threading; threading.Thread(target=print).start()", "RuntimeError: can't start new thread"),
        ("import os; os.kill(os.getppid(), 9)", "PermissionError"),
        ("import os; os.kill(-1, 9)", "PermissionError"),
        ("import os, json; open(os.path.join(os.path.dirname(json.__file__), 'x'), 'w')", "Read-only file system"),
        ("open('/apwa/apwa_fabric/confinement.py', 'a')", "Read-only file system"),
        ("import os; os.mkdir('/new')", "Read-only file system"),
        ("import mmap; mmap.mmap(-1, 4 << 30)", "Cannot allocate memory"),
        ("import resource as r; r.setrlimit(r.RLIMIT_AS, (-1, -1))", "not allowed to raise maximum limit"),
        ("open('/tmp/large', 'wb').write(bytes(9 << 20))", "File too large"),
        ("for i in range(9):\n    open(f'/tmp/{{i}}', 'wb').write(bytes(7 << 20))", "No space left on device"),
        ("for i in range(10 ** 6):\n    open(f'/tmp/{{i}}', 'wb').close()", "No space left on device"),
        ("kept = [open('/tmp/x', 'wb') for i in range(100)]", "Too many open files"),
        ("import pip", "No module named 'pip'"),
        ("import pydantic", "No module named 'pydantic'"),
        ("import os; os.listdir({packages!r})[0]", "IndexError"),
    ],
)
def test_has_nothing_but_itself(make: Make, tmp_path: Path, body: str, words: str) -> None:
    token = tmp_path / "token"
    token.write_text("secret")
    path = str(tmp_path / "socket")
    packages = str(Path(os.__file__).parent / "site-packages")
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as local:
        local.bind(path)
        local.listen()
        given = body.format(token=token, port=server.getsockname()[1], path=path, packages=packages)
        assert words in refused(attack(make(attacked(given))))
    assert token.read_text() == "secret"


CALLS = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
done = {{}}
for name, call in {{{calls}}}.items():
    result = call()
    done[name] = (result, os.strerror(ctypes.get_errno()))
return done
"""


def test_may_not_do_by_the_c_library_what_it_may_not_do_by_python(make: Make) -> None:
    calls = {
        "unshare": "libc.unshare(0x10000000)",
        "mount": "libc.mount(b'none', b'/tmp', b'tmpfs', 0, None)",
        "umount": "libc.umount2(b'/tmp', 2)",
        "prctl": "libc.prctl(1, 0, 0, 0, 0)",
        "memfd": "libc.memfd_create(b'x', 0)",
        "syslog": "libc.klogctl(10, None, 0)",
        "inotify": "libc.inotify_init1(0)",
        "shmget": "libc.shmget(0, 1 << 30, 0o1600)",
        "ptrace": "libc.ptrace(0, 0, 0, 0)",
        "vfork": "libc.fork()",
        "keyctl": "libc.syscall(250, 0, 0, 0, 0, 0)"
        if os.uname().machine == "x86_64"
        else "libc.syscall(219, 0, 0, 0, 0, 0)",
    }
    body = CALLS.format(calls=", ".join(f"{name!r}: lambda: {call}" for name, call in calls.items()))
    done = attack(make(attacked(body)))["output"]
    assert done == {name: [-1, "Operation not permitted"] for name in calls}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("kept = bytearray(4 << 30)", "capability_out_of_memory"),
        ("kept = []\nwhile True: kept.append('x' * 10000 + str(len(kept)))", "capability_out_of_memory"),
        ("while True: pass", "capability_timeout"),
        ("import time; time.sleep(60)", "capability_timeout"),
        ("import re; re.match('(a+)+$', 'a' * 40 + 'b')", "capability_timeout"),
        ("import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nwhile True: pass", "capability_timeout"),
        ("import os; os._exit(7)", "capability_crashed"),
        ("import ctypes; ctypes.string_at(0)", "capability_crashed"),
        ("return None", "capability_bad_output"),
        ("return {'n': object()}", "capability_bad_output"),
        ("return {'n': 'x' * (1 << 20)}", "capability_bad_output"),
        ("import sys; sys.exit(3)", "capability_failed"),
    ],
)
def test_fails_the_row_alone_within_its_limits(make: Make, body: str, code: str) -> None:
    begun = time.monotonic()
    assert attack(make(attacked(body), timeout_ms=2_000, memory_mb=128))["error"]["code"] == code
    assert time.monotonic() - begun < 30


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"no answer",
        b"O",
        b"O[1]",
        b'O{"n": NaN}',
        b'O{"n": 1e999}',
        b'O{}},{"output":{}',
        b"O" + b"[" * 100_000,
        b'E{"code":"attempt_over","message":"x"}',
        b'E{"code":"capability_failed","message":{}}',
        b"R",
        b"\xff\xfe",
    ],
)
def test_takes_nothing_for_an_answer_that_is_none(make: Make, line: bytes) -> None:
    error = attack(make(attacked(says(line + b"\n"))))["error"]
    assert error == {"code": "capability_bad_output", "message": "its process answered with what is no answer"}


def test_takes_no_more_from_it_than_an_answer_may_have(make: Make) -> None:
    body = says(b"x" * 4096, "while True:")
    error = attack(make(attacked(body)))["error"]
    assert error["code"] == "capability_bad_output"
    assert error["message"].startswith("it said more than 5")


def test_takes_no_second_answer_for_that_of_the_next_row(make: Make) -> None:
    body = says(b'O{}\nO{"n": 2}\n')
    rows = [json.dumps({"n": n, "attack": n == 0}) for n in range(2)]
    told = results_of(make(attacked(body)).run("c", rows))
    assert told[0] == {"output": {}}
    assert told[1]["error"] == {"code": "capability_bad_output", "message": "it said more than was asked"}


def test_may_print_as_much_as_it_likes(make: Make, capfd: pytest.CaptureFixture[str]) -> None:
    body = "import os, sys\nprint('O{}')\nos.write(1, b'x' * 10 ** 6)\nos.write(2, b'x' * 10 ** 6)\nsys.stdout.close()"
    assert attack(make(attacked(body)))["output"] == {"got": "away"}
    assert capfd.readouterr() == ("", "")


def test_has_python_itself_and_a_folder_of_its_own_that_nobody_else_has(make: Make) -> None:
    source = """
import csv, datetime, decimal, hashlib, json, math, os, re, sqlite3, statistics, unicodedata, zlib
def run():
    seen = os.listdir(".")
    open("kept", "w").write("x")
    return {"seen": seen, "where": os.getcwd(), "id": os.getuid(), "sum": hashlib.sha256(b"x").hexdigest()[:8]}
"""
    told = [results_of(make(source, keep=False).run("c", ["{}"]))[0]["output"] for _ in range(2)]
    assert told == [{"seen": [], "where": "/tmp", "id": 65534, "sum": "2d711642"}] * 2


def test_says_why_it_can_not_be_loaded(make: Make) -> None:
    outcomes = {
        "def run(:": "capability_syntax",
        "import numpy\ndef run(): pass": "capability_missing_package",
        "open('/etc/passwd')\ndef run(): pass": "capability_load_failed",
        "while True: pass": "capability_load_failed",
        "x = bytearray(4 << 30)": "capability_out_of_memory",
    }
    for source, code in outcomes.items():
        # Long enough for an interpreter to start on a busy machine.
        outcome = make(source, load_timeout_ms=3_000).run("c", ["{}"])
        assert (outcome.results, outcome.fault and outcome.fault[0]) == ([], code)


def test_is_killed_by_the_wall_clock_with_whoever_made_its_sandbox(make: Make) -> None:
    source = """
import signal
for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
    signal.signal(number, signal.SIG_IGN)
def run():
    while True: pass
"""
    runner = make(source, timeout_ms=1_000)
    told: list[Outcome] = []
    call = threading.Thread(target=lambda: told.append(runner.run("c", ["{}"])))
    call.start()
    pids = _until(lambda: _within(os.getpid()))
    call.join()
    assert results_of(told[0])[0]["error"]["code"] == "capability_timeout"
    _until(lambda: not any(_alive(pid) for pid in pids))


def test_leaves_nothing_behind_when_its_parent_is_killed(make: Make) -> None:
    runner = make("import re\ndef run():\n    re.match('(a+)+$', 'a' * 60 + 'b')", timeout_ms=600_000)
    parent = os.fork()
    if parent == 0:
        runner.run("c", ["{}"])
        os._exit(0)
    pids = _until(lambda: _within(parent))
    os.kill(parent, signal.SIGKILL)
    os.waitpid(parent, 0)
    _until(lambda: not any(_alive(pid) for pid in pids))


def test_ends_when_its_call_is_cancelled(make: Make) -> None:
    runner = make("def run():\n    while True: pass", timeout_ms=600_000)
    pids: list[int] = []

    def cancel() -> None:
        pids.extend(_until(lambda: _within(os.getpid())))
        runner.cancel("c")

    cancelling = threading.Thread(target=cancel)
    cancelling.start()
    assert runner.run("c", ["{}"]).results == []
    cancelling.join()
    assert pids
    _until(lambda: not any(_alive(pid) for pid in pids))


def test_is_no_runner_without_a_sandbox() -> None:
    with pytest.raises(ValueError, match="sandboxed is True"):
        Runner(definition("def run(): pass", sandboxed=True), keep=False)


Seen = TypeVar("Seen")


def _until(look: Callable[[], Seen]) -> Seen:
    end = time.monotonic() + 30
    while not (seen := look()):
        assert time.monotonic() < end
        time.sleep(0.02)
    return seen


def _within(root: int) -> list[int]:
    """Processes that `root` has in a sandbox. Others may have some of theirs beside them."""
    states = {pid: state for folder in Path("/proc").glob("[0-9]*") if (state := _state(pid := int(folder.name)))}

    def belongs(pid: int) -> bool:
        while pid in states and pid != root:
            pid = states[pid][1]
        return pid == root

    # The launcher has the same words, behind its own.
    return [pid for pid in states if belongs(pid) and _words(pid)[1:2] == [BARE[0].encode()]]


def _words(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return []


def _state(pid: int) -> tuple[str, int] | None:
    """And its parent's id; None if there is none."""
    try:
        state, parent = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[:2]
    except OSError:
        return None
    return state, int(parent)


def _alive(pid: int) -> bool:
    state = _state(pid)
    return state is not None and state[0] != "Z"
