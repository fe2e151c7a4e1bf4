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
from typing import IO, Any

from .capability_child import MAX_OUTPUT
from .child import environment
from .contract import Definition
from .sandbox import HERE, START, Sandbox, Unavailable

"""A call gives its place to others after this, with what it has got to: its caller asks again for the rest. Seconds."""
SLICE_S = 2.0
"""Or after so many bytes of answers: they have to fit a NATS message, beside one more of the largest."""
SLICE_BYTES = 256 * 1024
"""Runs of a row whose process ends without its own doing, and of loading."""
TRIES = 2
"""Calls whose cancellation came before they did, that are remembered."""
CANCELLED = 100
READ_BYTES = 256 * 1024
"""The longest line that a child may answer with."""
LINE_BYTES = MAX_OUTPUT + 16 * 1024
"""Of what a child says of an error, if nobody knows what it is."""
MESSAGE_CHARACTERS = 4_000
"""CPU that a process in the sandbox has beside the time for loading and for a row, before it is replaced. Seconds."""
SPARE_CPU_S = 10
"""What a child may say of a row, and of loading."""
ROW_CODES = ("capability_failed", "capability_bad_output", "capability_out_of_memory")
LOAD_CODES = (
    "capability_syntax",
    "capability_missing_package",
    "capability_load_failed",
    "capability_out_of_memory",
    "no_sandbox",
)


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


class Babble(Exception):
    """The child has said what is no answer."""


class Process:
    """A child with its socket, in a sandbox if it is given one. All but `kill` belongs to one thread."""

    def __init__(self, definition: Definition, sandbox: Sandbox | None) -> None:
        """Raises Unavailable."""
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = _started(theirs.fileno(), sandbox)
        self._socket = ours
        self._rest = bytearray()
        self._last_words = ""
        self._sandbox = sandbox
        self._spec = {
            "name": definition.id,
            "source": definition.source,
            "module": definition.module,
            "function": definition.function,
            "memoryMb": definition.memory_mb,
            "sandboxed": sandbox is not None,
            "cpuS": (definition.load_timeout_ms + definition.timeout_ms) // 1_000 + SPARE_CPU_S,
        }

    @property
    def pid(self) -> int:
        return self._process.pid

    def load(self, timeout_s: float) -> str:
        """As `ask`; raises Unavailable if its sandbox could not be made."""
        until = time.monotonic() + timeout_s
        try:
            self._read(until)
        except Gone:
            if self._sandbox is None:
                raise
            how = self.end()
            raise Unavailable(self._last_words or f"it ended {how} before it began") from None
        return self.ask(json.dumps(self._spec), until - time.monotonic())

    def ask(self, line: str, timeout_s: float) -> str:
        """Its answer. Raises Gone, Babble or TimeoutError."""
        until = time.monotonic() + timeout_s
        if self._rest:
            raise Babble("it said more than was asked")
        self._socket.settimeout(max(0.001, timeout_s))
        try:
            self._socket.sendall(f"{line}\n".encode())
        except (BrokenPipeError, ConnectionResetError) as error:
            raise Gone from error
        return self._read(until)

    def _read(self, until: float) -> str:
        try:
            while (end := self._rest.find(b"\n")) < 0:
                if len(self._rest) > LINE_BYTES:
                    raise Babble(f"it said more than {LINE_BYTES} bytes")
                left = until - time.monotonic()
                if left <= 0:
                    raise TimeoutError
                self._socket.settimeout(left)
                data = self._socket.recv(READ_BYTES)
                if not data:
                    raise Gone
                self._rest += data
        except ConnectionResetError as error:
            raise Gone from error
        answer = bytes(self._rest[:end]).decode(errors="replace")
        del self._rest[: end + 1]
        return answer

    def _hear(self, errors: IO[bytes]) -> None:
        with errors:
            lines = errors.read(READ_BYTES).decode(errors="replace").strip().splitlines()
        self._last_words = lines[-1][:MESSAGE_CHARACTERS] if lines else ""

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
        if self._process.stderr and not self._process.stderr.closed:
            self._hear(self._process.stderr)
        return f"by {signal.Signals(-code).name}" if code < 0 else f"with code {code}"


def _started(link: int, sandbox: Sandbox | None) -> "subprocess.Popen[bytes]":
    """Raises Unavailable."""
    if sandbox is None:
        return subprocess.Popen(
            [sys.executable, "-P", "-c", START, str(HERE.parent), str(link)],
            env=environment(os.environ, {"PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1"}),
            stdin=subprocess.DEVNULL,
            pass_fds=[link],
            process_group=0,
        )
    command = sandbox.command(link)
    # What it prints goes where its input comes from; before it begins, errors are those of whoever makes its sandbox.
    with open(os.devnull, "r+b") as nothing:
        try:
            return subprocess.Popen(
                command, env={}, stdin=nothing, stdout=nothing, stderr=subprocess.PIPE, pass_fds=[link], process_group=0
            )
        except OSError as error:
            raise Unavailable(f"{command[0]}: {error.strerror or error}") from error


class Runner:
    """`keep`: the process serves call after call; otherwise each call has one of its own. `sandbox`: as the definition
    asks for it."""

    def __init__(self, definition: Definition, keep: bool, sandbox: Sandbox | None = None) -> None:
        if definition.sandboxed != (sandbox is not None):
            raise ValueError(f"{definition.id}: sandboxed is {definition.sandboxed}, and its sandbox {sandbox}")
        self._definition = definition
        self._sandbox = sandbox
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
            except Babble as babble:
                self.close()
                return _error("capability_bad_output", str(babble))
            result = self._result_of(answer)
            if result is None:
                self.close()
                return _error("capability_bad_output", "its process answered with what is no answer")
            if answer[0] == "M":
                self.close()
            return result
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
                try:
                    self._process = process = Process(self._definition, self._sandbox)
                except Unavailable as error:
                    raise Fault("no_sandbox", str(error)) from error
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
            except Unavailable as error:
                self._process = None
                raise Fault("no_sandbox", str(error)) from error
            except Babble as babble:
                self.close()
                raise Fault("capability_load_failed", str(babble)) from babble
            if answer == "R":
                return process
            self.close()
            code, message = _told(answer, LOAD_CODES) or (
                "capability_load_failed",
                "it answered with what is no answer",
            )
            raise Fault(code, message)
        if call in self._cancelled:
            return None
        raise Fault("capability_load_failed", f"its process ended {how} while it was loaded, twice")

    def _result_of(self, answer: str) -> str | None:
        """None if it is none: of code that a model wrote nothing is passed on that was not read."""
        if self._sandbox is None:
            return f'{{"output":{answer[1:]}}}' if answer[0] == "O" else f'{{"error":{answer[1:]}}}'
        if answer[:1] != "O":
            told = _told(answer, ROW_CODES)
            return _error(*told) if told else None
        output = _object_of(answer[1:])
        text = None if output is None else _json_of(output)
        return f'{{"output":{text}}}' if text is not None and len(text) <= MAX_OUTPUT else None


def _told(answer: str, codes: Sequence[str]) -> tuple[str, str] | None:
    """Code and message of an error."""
    told = _object_of(answer[1:]) or {}
    code, message = told.get("code"), told.get("message")
    if not isinstance(code, str) or code not in codes or not isinstance(message, str):
        return None
    return code, message[:MESSAGE_CHARACTERS]


def _object_of(text: str) -> dict[str, Any] | None:
    try:
        # Numbers that are none in JSON are no answer either.
        value = json.loads(text, parse_constant=_refused)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _json_of(output: dict[str, Any]) -> str | None:
    try:
        # A number may be too large for any but infinity.
        return json.dumps(output, allow_nan=False, separators=(",", ":"))
    except (ValueError, RecursionError):
        return None


def _refused(constant: str) -> None:
    raise ValueError(constant)


def _error(code: str, message: str) -> str:
    return json.dumps({"error": {"code": code, "message": message}})
