"""`python -I -S sandbox_namespaces.py LAYOUT PROGRAM ARGUMENT…`: runs a program in namespaces of its own, where nothing
is but the files of LAYOUT, read-only, and an empty folder. It needs no rights but to make user namespaces. It ends as
the program does; the program ends with it."""

import contextlib
import ctypes
import json
import os
import resource
import signal
import sys
from pathlib import Path
from typing import Any

CLONE_NEWNS = 0x00020000
CLONE_NEWCGROUP = 0x02000000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000
ALL = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET

MS_RDONLY = 1
MS_NOSUID = 2
MS_NODEV = 4
MS_REMOUNT = 32
MS_BIND = 4096
MS_REC = 16384
MS_PRIVATE = 1 << 18
MS_RELATIME = 1 << 21
ST_RELATIME = 4096
"""Of a mount, what one made of it has to keep: noexec, noatime and nodiratime have the same numbers as for `mount`."""
KEPT = 8 | 1024 | 2048
MNT_DETACH = 2
PR_SET_PDEATHSIG = 1

"""Nobody, within; without, whoever started this."""
NOBODY = 65534
FAILED = 71

_libc = ctypes.CDLL(None, use_errno=True)


def main() -> None:
    layout: dict[str, Any] = json.loads(sys.argv[1])
    program = sys.argv[2:]
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        _end_with_parent()
        _unshare()
        child = os.fork()
        if child == 0:
            _enter(layout)
            os.execve(program[0], program, {})
    except OSError as error:
        print(error.strerror, file=sys.stderr)  # noqa: T201
        os._exit(FAILED)
    os.close(layout["link"])
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code < 0:
        with contextlib.suppress(OSError):
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)


def _end_with_parent() -> None:
    _call("prctl", _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0))


def _unshare() -> None:
    user, group = os.geteuid(), os.getegid()
    _call("it may make no namespaces (unshare)", _libc.unshare(ALL))
    for name, text in (("setgroups", "deny"), ("uid_map", f"{NOBODY} {user} 1"), ("gid_map", f"{NOBODY} {group} 1")):
        try:
            Path(f"/proc/self/{name}").write_text(text)
        except OSError as error:
            raise OSError(
                error.errno, f"it may not say who is who in its namespace ({name}): {error.strerror}"
            ) from error


def _enter(layout: dict[str, Any]) -> None:
    _end_with_parent()
    os.setsid()
    _call("sethostname", _libc.sethostname(b"sandbox", 7))
    _mount(None, "/", None, MS_REC | MS_PRIVATE)
    # Over a folder that is there; the root of before is put under it, and so in reach until all is taken from it.
    _mount("tmpfs", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "size=1m,mode=755")
    os.mkdir("/tmp/old")
    os.mkdir("/tmp/new")
    _mount("/tmp/new", "/tmp/new", None, MS_BIND)
    _pivot("/tmp", "/tmp/old")
    os.chdir("/")
    for source, place in layout["files"]:
        _bind(f"/old{source}", f"/new{place}")
    for place in layout["hidden"]:
        _mount("tmpfs", f"/new{place}", "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV, "size=4k,mode=755")
    scratch = f"/new{layout['scratch']}"
    os.mkdir(scratch)
    options = f"size={layout['scratchBytes']},nr_inodes={layout['scratchFiles']},mode=700"
    _mount("tmpfs", scratch, "tmpfs", MS_NOSUID | MS_NODEV, options)
    _call("umount", _libc.umount2(b"/old", MNT_DETACH))
    os.chdir("/new")
    before = os.open("/", os.O_DIRECTORY)
    _pivot(".", ".")
    os.fchdir(before)
    os.close(before)
    _call("umount", _libc.umount2(b".", MNT_DETACH))
    os.chdir("/")
    _mount(None, "/", None, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV)
    os.chdir(layout["scratch"])


def _bind(source: str, place: str) -> None:
    target = Path(place)
    if os.path.isdir(source):
        target.mkdir(parents=True, exist_ok=True)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
    _mount(source, place, None, MS_BIND)
    had = os.statvfs(place).f_flag
    kept = (had & KEPT) | (MS_RELATIME if had & ST_RELATIME else 0)
    _mount(None, place, None, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | kept)


def _mount(source: str | None, place: str, kind: str | None, flags: int, options: str | None = None) -> None:
    given = [None if one is None else one.encode() for one in (source, place, kind, options)]
    done = _libc.mount(given[0], given[1], given[2], ctypes.c_ulong(flags), given[3])
    _call(f"it may not mount {source or 'anew'} at {place}", done)


def _pivot(new: str, old: str) -> None:
    # The C library has no function of that name everywhere, so it is called by its number, which differs by machine.
    number = {"x86_64": 155, "aarch64": 41}[os.uname().machine]
    _call("it may not change its root (pivot_root)", _libc.syscall(number, new.encode(), old.encode()))


def _call(what: str, done: int) -> None:
    """Raises OSError."""
    if done != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


if __name__ == "__main__":
    main()
