"""One member as a child process."""

import contextlib
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from .contract import Exited, Killed, MemberEnd, NotStarted

LAST_LINES = 20
LINE_CHARACTERS = 500
"""After its end, a child's last words are waited for this long: somebody that it started may keep its output open."""
LAST_WORDS_S = 0.25
"""Between two looks at how much memory a child has taken up. Seconds."""
MEMORY_S = 0.1
MEBIBYTE = 1024 * 1024


@dataclass(frozen=True)
class Launch:
    command: Sequence[str]
    env: Mapping[str, str]
    folder: str | None
    """Resident memory of the process itself, above which it is killed. 0: not limited, nor where there is no /proc."""
    memory_bytes: int = 0


@dataclass
class Child:
    """A process in a group of its own, whose standard input is its lifeline: it ends when this process does."""

    launch: Launch
    _process: subprocess.Popen[bytes] | None = None
    _fault: str | None = None
    _tail: deque[str] = field(default_factory=lambda: deque(maxlen=LAST_LINES))
    _readers: list[threading.Thread] = field(default_factory=list)
    _grace: threading.Timer | None = None
    _gone: bool = False

    def start(self) -> int | None:
        """Its process id; None if it could not be started: `wait` tells why."""
        try:
            self._process = subprocess.Popen(
                list(self.launch.command),
                env=environment(os.environ, self.launch.env),
                cwd=self.launch.folder,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                process_group=0,
            )
        except OSError as error:
            self._fault = f"{self.launch.command[0]}: {error.strerror or error}"
            return None
        _limit(self._process.pid)
        for source, sink in ((self._process.stdout, sys.stdout), (self._process.stderr, sys.stderr)):
            if source is not None:
                reader = threading.Thread(target=self._follow, args=(source, sink), daemon=True)
                reader.start()
                self._readers.append(reader)
        if self.launch.memory_bytes > 0:
            threading.Thread(target=self._watch_memory, args=(self._process.pid,), daemon=True).start()
        return self._process.pid

    def wait(self) -> tuple[MemberEnd, list[str]]:
        """Blocks until it has ended and nothing that it started is left of its group."""
        if self._process is None:
            return NotStarted(message=self._fault or "it was not started"), []
        code = self._process.wait()
        self._gone = True
        if self._grace:
            self._grace.cancel()
        self._signal_group(signal.SIGKILL)
        for reader in self._readers:
            reader.join(LAST_WORDS_S)
        return (Exited(code=code) if code >= 0 else Killed(signal=signal.Signals(-code).name)), list(self._tail)

    def drain(self, grace_s: float) -> None:
        """SIGTERM, and SIGKILL when it is still there after the grace."""
        if self._process is None or self._gone or self._grace:
            return
        self._process.terminate()
        self._grace = threading.Timer(grace_s, self.kill)
        self._grace.daemon = True
        self._grace.start()

    def kill(self) -> None:
        """Ends it at once, with all that it started, whatever it does."""
        if not self._gone:
            self._signal_group(signal.SIGKILL)

    def _signal_group(self, number: signal.Signals) -> None:
        if self._process is not None:
            # Unless nobody is left in it.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)

    def _follow(self, source: IO[bytes], sink: IO[str]) -> None:
        for raw in source:
            line = raw.decode(errors="replace").rstrip("\n")
            self._say(line, sink)

    def _say(self, line: str, sink: IO[str]) -> None:
        self._tail.append(line[:LINE_CHARACTERS])
        sink.write(f"{line}\n")
        sink.flush()

    def _watch_memory(self, pid: int) -> None:
        """Limits of the kernel count what is mapped, of which Node maps much more than it touches."""
        allowed = self.launch.memory_bytes
        while (taken := _resident(pid)) <= allowed:
            if self._gone:
                return
            time.sleep(MEMORY_S)
        words = f"it took up {taken // MEBIBYTE} MB of memory, and its pool allows {allowed // MEBIBYTE}"
        self._say(f"fatal: {words} (resources.memoryMb)", sys.stderr)
        self.kill()


def environment(own: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """The node's environment without what Ray put there for its own workers, its token above all; and what is given."""
    kept = {name: value for name, value in own.items() if not name.startswith(("RAY_", "PYTHON"))}
    return {**kept, **given, "APWA_LIFELINE": "1"}


def _resident(pid: int) -> int:
    """Bytes; 0 where nobody says."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize()
    except OSError:
        return 0


def _limit(pid: int) -> None:
    """Thousands of calls in flight need as many sockets; and nobody reads a core file of a member."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hasattr(resource, "prlimit"):
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (most, most))
        resource.prlimit(pid, resource.RLIMIT_CORE, (0, 0))
