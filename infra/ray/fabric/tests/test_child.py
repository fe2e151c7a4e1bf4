"""Real processes, as an actor starts them."""

import os
import re
import signal
import sys
import time
from pathlib import Path

import pytest

from apwa_fabric.child import Child, Launch, environment
from apwa_fabric.contract import Exited, Killed, NotStarted


def python(program: str, **env: str) -> Child:
    return Child(Launch([sys.executable, "-c", program], env, None))


def until(condition, seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_tells_the_exit_code_and_the_last_lines() -> None:
    child = python("import sys\nprint('an error', file=sys.stderr)\nfor n in range(19): print(n)\nsys.exit(7)")
    assert child.start() is not None
    end, lines = child.wait()
    assert end == Exited(code=7)
    assert sorted(lines, key=len)[-1] == "an error"
    assert [line for line in lines if line != "an error"] == [str(n) for n in range(19)]


def test_tells_the_signal_that_killed_it() -> None:
    child = python("import time\ntime.sleep(60)")
    pid = child.start()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    assert child.wait()[0] == Killed(signal="SIGKILL")


MEBIBYTE = 1024 * 1024
HOARD = "hoard = b'x' * (300 * 2**20)\n"


def test_kills_one_that_takes_up_more_memory_than_it_may() -> None:
    command = [sys.executable, "-c", f"print('begun', flush=True)\n{HOARD}import time\ntime.sleep(60)"]
    child = Child(Launch(command, {}, None, memory_bytes=200 * MEBIBYTE))
    assert child.start() is not None
    end, lines = child.wait()
    assert end == Killed(signal="SIGKILL")
    assert lines[0] == "begun"
    assert re.fullmatch(
        r"fatal: it took up [23]\d\d MB of memory, and its pool allows 200 \(resources.memoryMb\)", lines[1]
    )


def test_leaves_one_alone_that_keeps_below_or_has_no_limit() -> None:
    for limit in (0, 600 * MEBIBYTE):
        command = [sys.executable, "-c", f"{HOARD}import time\ntime.sleep(0.5)"]
        child = Child(Launch(command, {}, None, memory_bytes=limit))
        assert child.start() is not None
        assert child.wait() == (Exited(code=0), [])


def test_tells_that_there_is_no_such_program() -> None:
    child = Child(Launch(["/none/such"], {}, None))
    assert child.start() is None
    assert child.wait() == (NotStarted(message="/none/such: No such file or directory"), [])


@pytest.mark.parametrize("deaf", [False, True])
def test_drains_and_kills_when_the_grace_is_over(tmp_path: Path, deaf: bool) -> None:
    handler = "signal.SIG_IGN" if deaf else "lambda *_: sys.exit(0)"
    ready = tmp_path / "ready"
    child = python(
        f"import signal, sys, time\nsignal.signal(signal.SIGTERM, {handler})\nopen({str(ready)!r}, 'w')\ntime.sleep(60)"
    )
    child.start()
    until(ready.exists)
    child.drain(0.2 if deaf else 30)
    child.drain(30)
    assert child.wait()[0] == (Killed(signal="SIGKILL") if deaf else Exited(code=0))


def test_kills_one_that_stands_still_and_all_that_it_started(tmp_path: Path) -> None:
    note = tmp_path / "grandchild"
    child = python(
        "import subprocess, time\n"
        f"pid = subprocess.Popen(['sleep', '300']).pid\nopen({str(note)!r}, 'w').write(str(pid))\ntime.sleep(60)"
    )
    pid = child.start()
    assert pid is not None
    until(lambda: note.exists() and note.read_text() != "")
    os.kill(pid, signal.SIGSTOP)
    child.kill()
    assert child.wait()[0] == Killed(signal="SIGKILL")
    until(lambda: not is_alive(int(note.read_text())))


def test_ends_its_group_when_it_ends_by_itself(tmp_path: Path) -> None:
    note = tmp_path / "grandchild"
    child = python(f"import subprocess\nopen({str(note)!r}, 'w').write(str(subprocess.Popen(['sleep', '300']).pid))")
    child.start()
    assert child.wait()[0] == Exited(code=0)
    until(lambda: not is_alive(int(note.read_text())))


def test_gives_it_a_lifeline_and_nothing_of_rays() -> None:
    assert environment(
        {"PATH": "/bin", "RAY_AUTH_TOKEN": "secret", "PYTHONPATH": "/x", "A": "own"}, {"A": "given"}
    ) == {
        "PATH": "/bin",
        "A": "given",
        "APWA_LIFELINE": "1",
    }
    child = python("import sys\nsys.stdin.read()\nprint('the lifeline was cut')")
    child.start()
    assert child._process is not None and child._process.stdin is not None
    child._process.stdin.close()
    assert child.wait() == (Exited(code=0), ["the lifeline was cut"])
