"""Whose program is at the other end of a loopback connection: the kernel's own answer (sock_diag(7), Linux).

An environment's runtime and extensions cannot send a key: they know an address, and AWS's clients send what AWS takes.
What tells them from other users' programs is the user whom their end of the connection belongs to.
"""

from __future__ import annotations

import os
import socket
import struct

from ops.errors import TwinError

_NETLINK_SOCK_DIAG = 4
_SOCK_DIAG_BY_FAMILY = 20
_NLM_F_REQUEST = 1
_NLMSG_ERROR = 2
_HEADER = struct.Struct("=IHHII")
_ANY_STATE = 0xFFFFFFFF
_FOUND = struct.Struct("=BBBB48xIIIII")  # inet_diag_msg: family, state, …, socket id, expires, queues, uid, inode
_NO_COOKIE = b"\xff" * 8

Address = tuple[str, int]


def is_ours(ours: Address, theirs: Address) -> bool:
    """Whether the process that holds the other end of this connection runs as our user.

    Also False when no one holds it any more: the kernel then gives user 0.
    """
    owner = _owner(theirs, ours)
    return owner is not None and owner == os.geteuid()


def ensure_known() -> None:
    """Raises TwinError where the kernel does not say whose a connection is."""
    with socket.socket() as listener, socket.socket() as caller:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        caller.connect(listener.getsockname())
        if not is_ours(listener.getsockname(), caller.getsockname()):
            raise TwinError(
                "This system does not say whose a connection is, so other users could not be kept out.",
                "Run the twin on Linux with the inet_diag kernel module.",
            )


def _owner(local: Address, remote: Address) -> int | None:
    """User id of the socket at ``local`` that is connected to ``remote``; None when no process holds it."""
    identity = struct.pack(">HH", local[1], remote[1]) + _packed(local) + _packed(remote) + bytes(4) + _NO_COOKIE
    request = struct.pack("=BBBBI", socket.AF_INET, socket.IPPROTO_TCP, 0, 0, _ANY_STATE) + identity
    header = _HEADER.pack(_HEADER.size + len(request), _SOCK_DIAG_BY_FAMILY, _NLM_F_REQUEST, 1, 0)
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, _NETLINK_SOCK_DIAG) as kernel:
            kernel.send(header + request)
            answer = kernel.recv(8192)
    except OSError:
        return None
    if _HEADER.unpack_from(answer)[1] == _NLMSG_ERROR:
        return None
    *_, uid, inode = _FOUND.unpack_from(answer, _HEADER.size)
    return int(uid) if inode else None


def _packed(address: Address) -> bytes:
    return socket.inet_pton(socket.AF_INET, address[0]).ljust(16, b"\0")
