"""What a process may do from now on, as the kernel sees it: for functions that a model wrote, in their sandbox."""

import ctypes
import os
import resource
import struct

"""Of each file that it writes, in bytes."""
FILE_BYTES = 8 * 1024 * 1024
OPEN_FILES = 32
"""Address space beside what it may allocate: for the interpreter, its libraries and stacks. Bytes."""
INTERPRETER_BYTES = 192 * 1024 * 1024

PR_SET_NO_NEW_PRIVS = 38
PR_SET_SECCOMP = 22
SECCOMP_MODE_FILTER = 2
ALLOW = 0x7FFF0000
KILL = 0x80000000
ERRNO = 0x00050000
EPERM = 1
ENOSYS = 38

"""Calls of other machines' numbering begin here on x86_64."""
X32 = 0x40000000

"""By machine: how the kernel calls it, and the numbers of what is not allowed: to make processes and threads, to run
programs, to open a connection of any kind, to signal, to look into others, to mount, to make namespaces, to take memory
that nobody counts or what the node's user has so many of, and to speak to parts of the kernel without need."""
MACHINES: dict[str, tuple[int, dict[str, int]]] = {
    "x86_64": (
        0xC000003E,
        {
            **{"fork": 57, "vfork": 58, "clone": 56, "execve": 59, "execveat": 322},
            **{"socket": 41, "socketpair": 53, "connect": 42, "bind": 49, "listen": 50, "accept": 43, "accept4": 288},
            **{"sendmsg": 46, "sendmmsg": 307},
            **{"kill": 62, "tkill": 200, "rt_sigqueueinfo": 129, "rt_tgsigqueueinfo": 297},
            **{"pidfd_open": 434, "pidfd_send_signal": 424, "pidfd_getfd": 438},
            **{"ptrace": 101, "process_vm_readv": 310, "process_vm_writev": 311, "kcmp": 312},
            **{"mount": 165, "umount2": 166, "pivot_root": 155, "chroot": 161, "open_tree": 428, "move_mount": 429},
            **{"fsopen": 430, "fsconfig": 431, "fsmount": 432, "fspick": 433, "mount_setattr": 442},
            **{"name_to_handle_at": 303, "open_by_handle_at": 304},
            **{"unshare": 272, "setns": 308, "prctl": 157, "seccomp": 317, "personality": 135, "modify_ldt": 154},
            **{"memfd_create": 319, "memfd_secret": 447, "shmget": 29, "shmat": 30, "shmctl": 31, "shmdt": 67},
            **{"msgget": 68, "msgsnd": 69, "msgrcv": 70, "msgctl": 71, "mq_open": 240},
            **{"semget": 64, "semop": 65, "semctl": 66, "semtimedop": 220},
            **{"add_key": 248, "request_key": 249, "keyctl": 250, "bpf": 321, "perf_event_open": 298},
            **{"syslog": 103, "io_setup": 206, "inotify_init": 253, "inotify_init1": 294, "fanotify_init": 300},
            **{"userfaultfd": 323, "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427},
        },
    ),
    "aarch64": (
        0xC00000B7,
        {
            **{"clone": 220, "execve": 221, "execveat": 281},
            **{"socket": 198, "socketpair": 199, "connect": 203, "bind": 200, "listen": 201, "accept": 202},
            **{"accept4": 242, "sendmsg": 211, "sendmmsg": 269},
            **{"kill": 129, "tkill": 130, "rt_sigqueueinfo": 138, "rt_tgsigqueueinfo": 240},
            **{"pidfd_open": 434, "pidfd_send_signal": 424, "pidfd_getfd": 438},
            **{"ptrace": 117, "process_vm_readv": 270, "process_vm_writev": 271, "kcmp": 272},
            **{"mount": 40, "umount2": 39, "pivot_root": 41, "chroot": 51, "open_tree": 428, "move_mount": 429},
            **{"fsopen": 430, "fsconfig": 431, "fsmount": 432, "fspick": 433, "mount_setattr": 442},
            **{"name_to_handle_at": 264, "open_by_handle_at": 265},
            **{"unshare": 97, "setns": 268, "prctl": 167, "seccomp": 277, "personality": 92},
            **{"memfd_create": 279, "memfd_secret": 447, "shmget": 194, "shmat": 196, "shmctl": 195, "shmdt": 197},
            **{"msgget": 186, "msgsnd": 189, "msgrcv": 188, "msgctl": 187, "mq_open": 180},
            **{"semget": 190, "semop": 193, "semctl": 191, "semtimedop": 192},
            **{"add_key": 217, "request_key": 218, "keyctl": 219, "bpf": 280, "perf_event_open": 241},
            **{"syslog": 116, "io_setup": 0, "inotify_init1": 26, "fanotify_init": 262},
            **{"userfaultfd": 282, "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427},
        },
    ),
}
"""It is told that there is none of that name, as of an older kernel, so that the C library takes `clone`."""
CLONE3 = 435


def confine(memory_bytes: int, cpu_s: int) -> None:
    """For good. `cpu_s`: of the process, in all. Raises OSError, or KeyError on a machine of another kind."""
    limits = {
        resource.RLIMIT_CPU: cpu_s,
        resource.RLIMIT_DATA: memory_bytes,
        # Memory that is shared, if only with itself, is counted by nothing else.
        resource.RLIMIT_AS: memory_bytes + INTERPRETER_BYTES,
        resource.RLIMIT_FSIZE: FILE_BYTES,
        resource.RLIMIT_NOFILE: OPEN_FILES,
        resource.RLIMIT_NPROC: 0,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_MEMLOCK: 0,
    }
    for limit, value in limits.items():
        resource.setrlimit(limit, (value, value))
    libc = ctypes.CDLL(None, use_errno=True)
    _call(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    program = _program(*MACHINES[os.uname().machine])
    _call(libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0))


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def _program(machine: int, denied: dict[str, int]) -> _Program:
    load, equal, at_least, give = 0x20, 0x15, 0x35, 0x06

    def step(code: int, value: int, when: int = 0, otherwise: int = 0) -> bytes:
        return struct.pack("=HBBI", code, when, otherwise, value)

    steps = [step(load, 4), step(equal, machine, 1, 0), step(give, KILL), step(load, 0)]
    steps += [step(at_least, X32, 0, 1), step(give, ERRNO | EPERM)]
    steps += [step(equal, CLONE3, 0, 1), step(give, ERRNO | ENOSYS)]
    for number in denied.values():
        steps += [step(equal, number, 0, 1), step(give, ERRNO | EPERM)]
    steps.append(step(give, ALLOW))
    return _Program(len(steps), b"".join(steps))


def _call(done: int) -> None:
    if done != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"it may not be confined: {os.strerror(number)}")
