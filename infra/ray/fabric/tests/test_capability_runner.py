"""Functions in processes of their own: real ones, that do what functions of users do."""

import json
import os
import signal
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from apwa_fabric import capability_runner
from apwa_fabric.capability_child import MAX_OUTPUT
from apwa_fabric.capability_runner import Runner
from apwa_fabric.capability_syntax import fault_of
from apwa_fabric.contract import Definition

Make = Callable[..., Runner]


def definition(source: str | None, **more: Any) -> Definition:
    plain: dict[str, Any] = {
        "id": "python:test",
        "source": None if source is None else textwrap.dedent(source),
        "module": None,
        "function": "run",
        "cpus": 1,
        "gpus": 0,
        "memory_mb": 256,
        "pip": [],
        "reuse": "actor",
        "instances": 1,
        "timeout_ms": 5_000,
        "load_timeout_ms": 10_000,
        "sandboxed": False,
    }
    return Definition(**{**plain, **more})


@pytest.fixture
def make() -> Iterator[Make]:
    made: list[Runner] = []

    def start(source: str | None, keep: bool = True, **more: Any) -> Runner:
        runner = Runner(definition(source, **more), keep)
        made.append(runner)
        return runner

    yield start
    for runner in made:
        runner.close()


def run(runner: Runner, *rows: dict[str, Any], call: str = "c") -> list[dict[str, Any]]:
    """Results of all rows, however many calls that takes."""
    results: list[dict[str, Any]] = []
    while len(results) < len(rows):
        outcome = runner.run(call, [json.dumps(row) for row in rows[len(results) :]])
        assert outcome.fault is None
        assert outcome.results
        results += [json.loads(one) for one in outcome.results]
    return results


def code_of(result: dict[str, Any]) -> str:
    return str(result["error"]["code"])


def test_gives_what_the_function_gives_and_loads_it_once(make: Make, tmp_path: Path) -> None:
    runner = make(
        f"""
        with open({str(tmp_path / "loads")!r}, "a") as loads:
            loads.write("x")
        def run(n, **others):
            print("to whoever reads the log")
            return {{"twice": 2 * n, "others": sorted(others)}}
        """
    )
    results = run(runner, {"n": 1}, {"n": 2, "a b": None}) + run(runner, {"n": 3})
    assert [one["output"] for one in results] == [
        {"twice": 2, "others": []},
        {"twice": 4, "others": ["a b"]},
        {"twice": 6, "others": []},
    ]
    assert (tmp_path / "loads").read_text() == "x"


def test_has_a_process_for_each_call_where_it_is_not_kept(make: Make) -> None:
    runner = make("import os\ndef run(n):\n    return {'pid': os.getpid()}", keep=False)
    first = run(runner, {"n": 1}, {"n": 2})
    second = run(runner, {"n": 3})
    pids = [one["output"]["pid"] for one in first + second]
    assert pids[0] == pids[1] != pids[2]


def test_calls_an_instance_of_a_class(make: Make) -> None:
    runner = make(
        """
        class Model:
            def __init__(self):
                self.calls = 0
            def __call__(self):
                self.calls += 1
                return {"calls": self.calls}
        """,
        function="Model",
    )
    assert [one["output"]["calls"] for one in run(runner, {}, {})] == [1, 2]


def test_calls_a_function_of_a_module(make: Make) -> None:
    runner = make(None, module="textwrap", function="shorten")
    (result,) = run(runner, {"text": "short", "width": 30})
    assert "it gave a str" in result["error"]["message"]


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        (
            "raise ValueError('out of range')",
            "capability_failed",
            "ValueError: out of range\npython:test line 5, in run:",
        ),
        ("import sys; sys.exit(3)", "capability_failed", "SystemExit: 3"),
        ("return run(n, bad)", "capability_failed", "RecursionError"),
        ("return None", "capability_bad_output", "nothing (None)"),
        ("return [n]", "capability_bad_output", "a list"),
        ("return {'n': object()}", "capability_bad_output", "no JSON: Object of type object"),
        ("return {'n': float('nan')}", "capability_bad_output", "no JSON: Out of range float"),
        (f"return {{'n': 'x' * {MAX_OUTPUT}}}", "capability_bad_output", f"{MAX_OUTPUT} are allowed"),
        ("import time; time.sleep(60)", "capability_timeout", "timeoutMs (1000 ms)"),
        ("while True: pass", "capability_timeout", "timeoutMs (1000 ms)"),
        ("import re; re.match('(a+)+$', 'a' * 40 + 'b')", "capability_timeout", "timeoutMs (1000 ms)"),
        ("x = bytearray(10 ** 9)", "capability_out_of_memory", "memoryMb allows (256 MB)"),
        ("x = []\n        while True: x.append('y' * 10000 + str(len(x)))", "capability_out_of_memory", "memoryMb"),
        ("import os; os.kill(os.getpid(), 11)", "capability_crashed", "by SIGSEGV twice"),
        ("import os; os._exit(7)", "capability_crashed", "with code 7 twice"),
    ],
)
def test_fails_the_row_alone_that_is_at_fault(make: Make, body: str, code: str, words: str) -> None:
    source = f"""
def run(n, bad):
    if not bad:
        return {{"n": n}}
    {body.replace("        while", "    while")}
    return {{"n": n}}
"""
    runner = make(source, timeout_ms=1_000)
    results = run(runner, *({"n": n, "bad": n == 1} for n in range(4)))
    assert [one.get("output") for one in results] == [{"n": 0}, None, {"n": 2}, {"n": 3}]
    assert code_of(results[1]) == code
    assert words in results[1]["error"]["message"]


@pytest.mark.parametrize(
    ("source", "code", "words"),
    [
        ("def run(:\n    pass", "capability_syntax", "line 1: "),
        ("import no_such_package_here", "capability_missing_package", "No module named 'no_such_package_here'"),
        ("from json import nothing_of_that_name", "capability_missing_package", "nothing_of_that_name"),
        ("raise RuntimeError('no model')", "capability_load_failed", "RuntimeError: no model"),
        ("def other():\n    pass", "capability_load_failed", "there is no function run in it: it has other"),
        ("while True: pass", "capability_load_failed", "loadTimeoutMs (500 ms)"),
        ("x = bytearray(10 ** 9)", "capability_out_of_memory", "memoryMb"),
        ("import os; os._exit(3)", "capability_load_failed", "with code 3 while it was loaded, twice"),
    ],
)
def test_says_why_it_can_not_be_loaded(make: Make, source: str, code: str, words: str) -> None:
    # On a busy machine a process takes a while to begin.
    outcome = make(source, load_timeout_ms=500 if "while" in source else 30_000).run("c", ["{}"])
    assert outcome.results == []
    assert outcome.fault is not None
    assert outcome.fault[0] == code
    assert words in outcome.fault[1]


def test_runs_a_row_again_whose_process_was_killed(make: Make, tmp_path: Path) -> None:
    runner = make(
        f"""
        import os, time
        def run(n):
            with open({str(tmp_path / "pids")!r}, "a") as pids:
                print(os.getpid(), file=pids)
            with open({str(tmp_path / "pids")!r}) as pids:
                if len(pids.readlines()) == 1:
                    time.sleep(60)
            return {{"n": n}}
        """,
        timeout_ms=60_000,
    )
    pids = tmp_path / "pids"

    def kill() -> None:
        while not (pids.exists() and pids.read_text().endswith("\n")):
            time.sleep(0.01)
        os.kill(int(pids.read_text()), signal.SIGKILL)

    threading.Thread(target=kill).start()
    assert run(runner, {"n": 5}) == [{"output": {"n": 5}}]


def test_ends_a_call_that_is_cancelled_and_serves_the_next(make: Make, tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    runner = make(
        f"""
        import time
        def run(n):
            if n == 2:
                open({str(begun)!r}, "w").close()
                time.sleep(60)
            return {{"n": n}}
        """,
        timeout_ms=60_000,
    )

    def cancel() -> None:
        while not begun.exists():
            time.sleep(0.01)
        runner.cancel("first")

    threading.Thread(target=cancel).start()
    outcome = runner.run("first", ['{"n": 1}', '{"n": 2}', '{"n": 3}'])
    assert [json.loads(one)["output"]["n"] for one in outcome.results] == [1]
    runner.cancel("not begun")
    assert runner.run("not begun", ['{"n": 1}']).results == []
    assert run(runner, {"n": 4}, call="next") == [{"output": {"n": 4}}]


def test_answers_in_pieces_that_are_neither_long_nor_large(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    runner = make("def run(size):\n    return {'text': 'x' * size}")
    rows = ['{"size": 200000}'] * 5
    assert len(runner.run("c", rows).results) == 2
    monkeypatch.setattr(capability_runner, "SLICE_S", 0.0)
    assert len(runner.run("c", rows).results) == 1


def test_leaves_no_process_behind_that_computes_for_ever_when_its_parent_is_killed(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    source = f"""
import os, re
def run():
    open({str(pid_file)!r}, 'w').write(str(os.getpid()))
    re.match('(a+)+$', 'a' * 60 + 'b')
"""
    parent = os.fork()
    if parent == 0:
        Runner(definition(source, timeout_ms=600_000), keep=True).run("c", ["{}"])
        os._exit(0)
    while not (pid_file.exists() and pid_file.read_text()):
        time.sleep(0.01)
    os.kill(parent, signal.SIGKILL)
    os.waitpid(parent, 0)
    pid = int(pid_file.read_text())
    until = time.monotonic() + 10
    while _alive(pid):
        assert time.monotonic() < until
        time.sleep(0.02)


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_names_the_line_of_a_syntax_error_without_running_anything() -> None:
    assert fault_of("x = 1\ndef run(:\n    pass", "run", "python:x") == "line 2: invalid syntax"
    assert fault_of("raise SystemExit\ndef run():\n    pass", "run", "python:x") is None
    assert fault_of("def other():\n    pass", "run", "python:x") == "there is no function run in it"
    assert fault_of("from json import loads as run", "run", "python:x") is None
    fault = fault_of("(" * 100_000, "run", "python:x")
    assert fault is not None
