"""Whether a capability's source can be compiled, found out in a process that runs nothing of it."""

import json
import subprocess
import sys

TIMEOUT_S = 10.0

"""What compiling may take, in bytes: who wrote the source may have meant it to take more."""
MEMORY_BYTES = 1 << 30

CHECK = f"""
import ast, json, resource, sys
resource.setrlimit(resource.RLIMIT_DATA, ({MEMORY_BYTES}, {MEMORY_BYTES}))
source, function, name = json.loads(sys.stdin.read())
try:
    tree = ast.parse(source, name)
    compile(tree, name, "exec")
except SyntaxError as error:
    print(json.dumps(f"line {{error.lineno}}: {{error.msg}}"))
    sys.exit()
except (ValueError, RecursionError, MemoryError) as error:
    print(json.dumps(f"{{type(error).__name__}}: {{error}}"))
    sys.exit()
names = set()
for node in ast.walk(tree):
    if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)):
        names.add(node.name)
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        names.add(node.id)
    elif isinstance(node, ast.alias):
        names.add((node.asname or node.name).split(".")[0])
if function not in names and "*" not in names:
    print(json.dumps(f"there is no function {{function}} in it"))
"""


def fault_of(source: str, function: str, name: str) -> str | None:
    """What is wrong with it, with the line; None if nothing."""
    document = json.dumps([source, function, name])
    command = [sys.executable, "-I", "-c", CHECK]
    try:
        done = subprocess.run(
            command, input=document, capture_output=True, text=True, timeout=TIMEOUT_S, check=False, env={}
        )
    except subprocess.TimeoutExpired:
        return f"it could not be compiled within {TIMEOUT_S:.0f} s"
    if done.returncode != 0:
        return (
            "it can't be compiled: the compiler ended with " + (done.stderr.strip().splitlines() or ["no reason"])[-1]
        )
    fault: str | None = json.loads(done.stdout) if done.stdout else None
    return fault
