"""Runs rows through a capability's function: in a child process, which is replaced when it crashed or hangs."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .child import environment
from .contract import Definition

CHILD = Path(__file__).with_name("capability_child.py")
"""A call gives its place to others after this, with what it has got to: its caller asks again for the rest. Seconds."""
SLICE_S = 2.0
"""Or after so many bytes of answers: they have to fit a NATS message, beside one more of the largest."""
SLICE_BYTES = 256 * 1024
"""Runs of a row whose process ends without its own doing, and of loading."""
TRIES = 2
"""Calls whose cancellation came before they did, that are remembered."""
CANCELLED = 100
READ_BYTES = 256 * 1024


@dataclass
class Outcome:
    """Of a call's rows, from the first one on: each the JSON of `{"output": …}` or `{"error": …}`. None where it was
    cancelled, or there is a fault."""

    results: list[str]
    """Why the function can't be called at all, with its code."""
    fault: tuple[str, str] | None = None


class Fault(Exception):
    """The function can't be called at all."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Gone(Exception):
    """The child has ended without an answer."""


class Process:
    """A child with its socket. All but `kill` belongs to one thread."""

    def __init__(self, definition: Definition) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, str(CHILD), str(theirs.fileno())],
                env=environment(os.environ, {"PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1"}),
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                process_group=0,
            )
        self._socket = ours
        self._rest = bytearray()
        self._spec = {
            "name": definition.id,
            "source": definition.source,
            "module": definition.module,
            "function": definition.function,
            "memoryMb": definition.memory_mb,
        }

    @property
    def pid(self) -> int:
        return self._process.pid

    def load(self, timeout_s: float) -> str:
        return self.ask(json.dumps(self._spec), timeout_s)

    def ask(self, line: str, timeout_s: float) -> str:
        """Its answer. Raises Gone, or TimeoutError."""
        until = time.monotonic() + timeout_s
        self._socket.settimeout(timeout_s)
        try:
            self._socket.sendall(f"{line}\n".encode())
            while (end := self._rest.find(b"\n")) < 0:
                left = until - time.monotonic()
                if left <= 0:
                    raise TimeoutError
                self._socket.settimeout(left)
                data = self._socket.recv(READ_BYTES)
                if not data:
                    raise Gone
                self._rest += data
        except (BrokenPipeError, ConnectionResetError) as error:
            raise Gone from error
        answer = bytes(self._rest[:end]).decode()
        del self._rest[: end + 1]
        return answer

    def kill(self) -> None:
        """With all that it started."""
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return

    def end(self) -> str:
        """Ends it, if it has not ended by itself; how, in words."""
        self._socket.close()
        try:
            code = self._process.wait(0.2)
        except subprocess.TimeoutExpired:
            self.kill()
            code = self._process.wait()
        self.kill()
        return f"by {signal.Signals(-code).name}" if code < 0 else f"with code {code}"


class Runner:
    """`keep`: the process serves call after call; otherwise each call has one of its own."""

    def __init__(self, definition: Definition, keep: bool) -> None:
        self._definition = definition
        self._keep = keep
        self._process: Process | None = None
        self._lock = threading.Lock()
        self._call: str | None = None
        self._cancelled: deque[str] = deque(maxlen=CANCELLED)

    def run(self, call: str, rows: Sequence[str]) -> Outcome:
        begun = time.monotonic()
        results: list[str] = []
        size = 0
        with self._lock:
            self._call = call
        try:
            for row in rows:
                result = self._row(call, row)
                if result is None:
                    break
                results.append(result)
                size += len(result)
                if size > SLICE_BYTES or time.monotonic() - begun > SLICE_S:
                    break
        except Fault as fault:
            return Outcome(results, None if results else (fault.code, str(fault)))
        finally:
            with self._lock:
                self._call = None
            if not self._keep:
                self.close()
        return Outcome(results)

    def cancel(self, call: str) -> None:
        """From any thread: the call ends now, or does not begin."""
        with self._lock:
            self._cancelled.append(call)
            if self._call == call and self._process:
                self._process.kill()

    def close(self) -> None:
        process, self._process = self._process, None
        if process:
            process.end()

    def _row(self, call: str, row: str) -> str | None:
        """Its result; None if the call was cancelled. Raises Fault."""
        how = ""
        for _ in range(TRIES):
            process = self._ready(call)
            if process is None:
                return None
            try:
                answer = process.ask(row, self._definition.timeout_ms / 1_000)
            except TimeoutError:
                process.kill()
                self.close()
                return _error("capability_timeout", f"it took longer than timeoutMs ({self._definition.timeout_ms} ms)")
            except Gone:
                self._process = None
                how = process.end()
                continue
            if answer[0] == "M":
                self.close()
            return f'{{"output":{answer[1:]}}}' if answer[0] == "O" else f'{{"error":{answer[1:]}}}'
        words = f"its process ended {how} twice (memoryMb is {self._definition.memory_mb})"
        return None if call in self._cancelled else _error("capability_crashed", words)

    def _ready(self, call: str) -> Process | None:
        """A process that waits for a row; None if the call was cancelled. Raises Fault."""
        how = ""
        for _ in range(TRIES):
            with self._lock:
                if call in self._cancelled:
                    return None
                if self._process:
                    return self._process
                self._process = process = Process(self._definition)
            try:
                answer = process.load(self._definition.load_timeout_ms / 1_000)
            except TimeoutError as error:
                process.kill()
                self.close()
                words = f"loading it took longer than loadTimeoutMs ({self._definition.load_timeout_ms} ms)"
                raise Fault("capability_load_failed", words) from error
            except Gone:
                self._process = None
                how = process.end()
                continue
            if answer[0] == "R":
                return process
            self.close()
            fault = json.loads(answer[1:])
            raise Fault(fault["code"], fault["message"])
        if call in self._cancelled:
            return None
        raise Fault("capability_load_failed", f"its process ended {how} while it was loaded, twice")


def _error(code: str, message: str) -> str:
    return json.dumps({"error": {"code": code, "message": message}})
