"""The process that a capability's function runs in: `main` is its program. It needs nothing but Python itself.

It says first that it is there, with a line that is B. Lines come over a socket: the specification first, then the
arguments of one row each. Each is answered with a line: a letter that tells what it is, and JSON. R: loaded. F: it
can't be loaded, with code and message. O: what the function gave. E: the row's error. M: the row's error, and the last
answer of a process that has no memory left."""

import ctypes
import importlib
import json
import linecache
import os
import resource
import select
import signal
import socket
import sys
import threading
import traceback
import types
from collections.abc import Callable
from typing import Any

from .confinement import confine

"""The largest answer of a row, in bytes of JSON: several of them have to fit a NATS message with other things."""
MAX_OUTPUT = 512 * 1024
MESSAGE_CHARACTERS = 300
FRAMES = 3
FRAME_CHARACTERS = 120
PR_SET_PDEATHSIG = 1

Function = Callable[..., Any]


class LoadFault(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def main(descriptor: int) -> None:
    """`descriptor`: of the socket."""
    link = socket.socket(fileno=descriptor)
    _end_with_parent(link)
    lines = link.makefile("rb")
    link.sendall(b"B\n")
    spec: dict[str, Any] = json.loads(lines.readline())
    # Ready to be sent when there is no memory left to make anything of.
    words = f"it took more memory than memoryMb allows ({spec['memoryMb']} MB)"
    no_memory = b"M" + _error("capability_out_of_memory", words) + b"\n"
    bytes_allowed = spec["memoryMb"] * 1024 * 1024
    try:
        if spec["sandboxed"]:
            _confine(bytes_allowed, spec["cpuS"])
        else:
            resource.setrlimit(resource.RLIMIT_DATA, (bytes_allowed, bytes_allowed))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        function = _load(spec)
    except LoadFault as fault:
        link.sendall(b"F" + _error(fault.code, str(fault)) + b"\n")
        return
    link.sendall(b"R\n")
    for line in lines:
        try:
            answer = answer_of(function, line)
        except MemoryError:
            link.sendall(no_memory)
            return
        link.sendall(answer + b"\n")


def answer_of(function: Function, line: bytes) -> bytes:
    """Raises MemoryError, and nothing else."""
    try:
        output = function(**json.loads(line))
    except MemoryError:
        raise
    # Whatever it throws is the row's error, `sys.exit()` too.
    except BaseException as error:
        return b"E" + _error("capability_failed", _told(error))
    if not isinstance(output, dict):
        return b"E" + _error("capability_bad_output", f"it gave {_kind(output)}, and must give an object (a dict)")
    try:
        text = json.dumps(output, allow_nan=False, separators=(",", ":")).encode()
    except MemoryError:
        raise
    except Exception as error:
        return b"E" + _error("capability_bad_output", f"it gave what is no JSON: {_text(error)}")
    if len(text) > MAX_OUTPUT:
        words = f"it gave {len(text)} bytes of JSON, and {MAX_OUTPUT} are allowed"
        return b"E" + _error("capability_bad_output", words)
    return b"O" + text


def _confine(bytes_allowed: int, cpu_s: int) -> None:
    """Raises LoadFault `no_sandbox`."""
    # Nobody reads what it prints: standard input is the only file that it has, and nothing is in it.
    os.dup2(0, 1)
    os.dup2(0, 2)
    os.environ.clear()
    try:
        confine(bytes_allowed, cpu_s)
    except (OSError, KeyError) as error:
        raise LoadFault("no_sandbox", f"the kernel does not confine it: {_text(error)}") from error


def _load(spec: dict[str, Any]) -> Function:
    """Raises LoadFault."""
    name: str = spec["function"]
    try:
        module = _module_of(spec)
        found = getattr(module, name, None)
        if not callable(found):
            defined = [one for one in vars(module) if callable(vars(module)[one]) and not one.startswith("_")]
            has = f"it has {', '.join(defined[:20])}" if defined else "it has none"
            raise LoadFault("capability_load_failed", f"there is no function {name} in it: {has}")
        # Of a class one instance is made, which is called for each row.
        loaded: Function = found() if isinstance(found, type) else found
        return loaded
    except LoadFault:
        raise
    except SyntaxError as error:
        raise LoadFault("capability_syntax", f"line {error.lineno}: {error.msg}") from error
    except ImportError as error:
        hint = "; what it imports must stand in pip, or be on the nodes of the cluster"
        raise LoadFault("capability_missing_package", f"{_text(error)}{hint}") from error
    except MemoryError as error:
        words = f"loading it took more memory than memoryMb allows ({spec['memoryMb']} MB)"
        raise LoadFault("capability_out_of_memory", words) from error
    except BaseException as error:
        raise LoadFault("capability_load_failed", _told(error)) from error


def _module_of(spec: dict[str, Any]) -> types.ModuleType:
    source: str | None = spec["source"]
    if source is None:
        return importlib.import_module(spec["module"])
    file: str = spec["name"]
    module = types.ModuleType("apwa_capability")
    sys.modules[module.__name__] = module
    # Lines of it can be shown in tracebacks.
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    exec(compile(source, file, "exec"), module.__dict__)
    return module


def _end_with_parent(link: socket.socket) -> None:
    """However the parent ends: by a signal of the kernel, and by the end of the socket where that is not to be had."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)

    def watch() -> None:
        poll = select.poll()
        poll.register(link, select.POLLRDHUP if hasattr(select, "POLLRDHUP") else 0)
        poll.poll()
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()


def _error(code: str, message: str) -> bytes:
    return json.dumps({"code": code, "message": message}).encode()


def _kind(value: object) -> str:
    return "nothing (None)" if value is None else f"a {type(value).__name__}"


def _text(error: BaseException) -> str:
    try:
        text = str(error)
    except Exception:
        text = ""
    return text if len(text) <= MESSAGE_CHARACTERS else f"{text[:MESSAGE_CHARACTERS]}…"


def _told(error: BaseException) -> str:
    """Type and message, and the last places that it came through, those of this file left out."""
    text = _text(error)
    head = f"{type(error).__name__}: {text}" if text else type(error).__name__
    places = [one for one in traceback.extract_tb(error.__traceback__) if one.filename != __file__]
    shown = [
        f"{os.path.basename(one.filename)} line {one.lineno}, in {one.name}: {(one.line or '')[:FRAME_CHARACTERS]}"
        for one in places[-FRAMES:]
    ]
    return "\n".join([head, *shown])
