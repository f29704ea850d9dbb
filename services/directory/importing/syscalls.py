"""
Let the reader of untrusted files call no more of the kernel than reading and computing need.

A filter of seccomp, written here because it is short and needs no library: what is on the
list is answered with EPERM, and everything in another machine's or ABI's numbers too. It
cannot be taken off again. docs/adr/0028 says why a list of what is refused.
"""

import ctypes
import platform
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

_PR_SET_SECCOMP: Final = 22
_SECCOMP_MODE_FILTER: Final = 2
_ALLOW: Final = 0x7FFF0000
_KILL_PROCESS: Final = 0x80000000
_ERRNO: Final = 0x00050000
_EPERM: Final = 1
_ENOSYS: Final = 38  #: the C library goes on with the older call then, whose arguments can be looked at

# operations of the kernel's packet filter, and where the call's number, machine and arguments lie
_LOAD, _RETURN, _IF_EQUAL, _IF_AT_LEAST, _IF_ANY_BIT = 0x20, 0x06, 0x15, 0x35, 0x45
_NUMBER, _MACHINE, _ARGUMENTS, _ARGUMENT_BYTES = 0, 4, 16, 8
_OTHER_ABI: Final = 0x40000000  #: numbers of x32 on x86-64 begin here

_CLONE_THREAD: Final = 0x00010000
#: of `open`: to write, to create, to shorten
_O_CHANGES: Final = 0o1 | 0o2 | 0o100 | 0o1000
_ANY_PROCESS_BUT_OURSELVES: Final = 0xFFFFFFFF
#: on every machine the same numbers: io_uring, the mounts of today, and what reaches into other processes
_YOUNG: Final = frozenset({424, 425, 426, 427, 428, 429, 430, 431, 432, 433, 434, 438, 442, 452})

Step = tuple[int, int, int, int]  #: an operation, how many steps to skip if it holds and if not, its value


@dataclass(frozen=True, slots=True)
class _Machine:
    """The numbers of one machine."""

    audit: int  #: how the kernel calls it
    refused: frozenset[int]
    missing: frozenset[int]  #: answered as if the kernel did not know them
    opening: Mapping[int, int]  #: number → which argument has the flags
    cloning: int  #: threads are let through, processes are not
    limiting: int  #: our own limits are let through


_MACHINES: Final[Mapping[str, _Machine]] = {
    "x86_64": _Machine(
        audit=0xC000003E,
        refused=_YOUNG.union(
            {41, 42, 43, 44, 46, 49, 50, 53, 288, 307}  # sockets
            | {57, 58, 59, 322}  # fork, vfork, execve, execveat
            | {62, 129, 200, 234, 297}  # signals to anybody
            | {76, 77, 82, 83, 84, 85, 86, 87, 88, 132, 133, 235, 258, 259, 261, 263, 264, 265, 266, 280, 316}  # files
            | {90, 91, 92, 93, 94, 188, 189, 190, 197, 198, 199, 260, 268}  # whose they are
            | {101, 248, 249, 250, 298, 304, 310, 311, 319, 321, 323}  # others' memory, keys, the kernel
            | {155, 161, 165, 166, 175, 176, 246, 272, 308, 313, 320}  # mounts, namespaces, modules
        ),
        missing=frozenset({435, 437}),  # clone3, openat2
        opening={2: 1, 257: 2},
        cloning=56,
        limiting=302,
    ),
    "aarch64": _Machine(
        audit=0xC00000B7,
        refused=_YOUNG.union(
            {198, 199, 200, 201, 202, 203, 206, 211, 242, 269}
            | {221, 281}
            | {129, 130, 131, 138, 240}
            | {33, 34, 35, 36, 37, 38, 45, 46, 88, 276}
            | {5, 6, 7, 14, 15, 16, 52, 53, 54, 55}
            | {117, 217, 218, 219, 241, 265, 270, 271, 279, 280, 282}
            | {39, 40, 41, 51, 97, 104, 105, 106, 268, 273, 294}
        ),
        missing=frozenset({435, 437}),
        opening={56: 2},
        cloning=220,
        limiting=261,
    ),
}


class _Instruction(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_uint16),
        ("if_true", ctypes.c_uint8),
        ("if_false", ctypes.c_uint8),
        ("value", ctypes.c_uint32),
    )


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint16), ("instructions", ctypes.POINTER(_Instruction)))


def refuse_calls(libc: ctypes.CDLL) -> bool:
    """
    Put the filter on this process, all its threads to come and whatever it would start.

    Args:
        libc: Of a process that has given up new privileges already.

    Returns:
        Whether it is on: not on a machine whose numbers are not here, or a kernel without seccomp.
    """
    machine = _MACHINES.get(platform.machine())
    if machine is None:
        return False
    steps = [_Instruction(*step) for step in _filter(machine)]
    program = _Program(len(steps), (_Instruction * len(steps))(*steps))
    return bool(libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0) == 0)


def _filter(machine: _Machine) -> Iterator[Step]:
    """Write the program."""
    yield _LOAD, 0, 0, _MACHINE
    yield _IF_EQUAL, 1, 0, machine.audit
    yield _RETURN, 0, 0, _KILL_PROCESS
    yield _LOAD, 0, 0, _NUMBER
    yield _IF_AT_LEAST, 0, 1, _OTHER_ABI
    yield _RETURN, 0, 0, _ERRNO | _EPERM
    for numbers, error in ((machine.refused, _EPERM), (machine.missing, _ENOSYS)):
        for number in sorted(numbers):
            yield _IF_EQUAL, 0, 1, number
            yield _RETURN, 0, 0, _ERRNO | error
    for number, argument in machine.opening.items():
        yield from _looked_at(number, argument, _O_CHANGES, any_bit=_ERRNO | _EPERM, none=_ALLOW)
    yield from _looked_at(machine.cloning, 0, _CLONE_THREAD, any_bit=_ALLOW, none=_ERRNO | _EPERM)
    yield from _looked_at(machine.limiting, 0, _ANY_PROCESS_BUT_OURSELVES, any_bit=_ERRNO | _EPERM, none=_ALLOW)
    yield _RETURN, 0, 0, _ALLOW


def _looked_at(number: int, argument: int, bits: int, *, any_bit: int, none: int) -> Iterator[Step]:
    yield _IF_EQUAL, 0, 4, number
    yield _LOAD, 0, 0, _ARGUMENTS + argument * _ARGUMENT_BYTES  # its lower half: both machines are little-endian
    yield _IF_ANY_BIT, 0, 1, bits
    yield _RETURN, 0, 0, any_bit
    yield _RETURN, 0, 0, none
