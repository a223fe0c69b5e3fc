"""An engine for tests: it does what the request's kind says."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from parley.providers.engine_process import Channel

ECHO, SPELL, REFUSE, PRINT, MODULES, CRASH, DIE, HANG, COUNT = range(9)


def serve(channel: Channel) -> None:
    channel.answer(b"ready")
    while True:
        kind, payload = channel.receive()
        answer = DEEDS[kind](channel, payload)
        if answer is not None:
            channel.answer(answer)


def spell(channel: Channel, payload: bytes) -> bytes:
    for letter in payload.decode():
        channel.part(letter.encode())
    return b""


def refuse(channel: Channel, _: bytes) -> None:
    channel.refuse("no")


def print_noise(_: Channel, payload: bytes) -> bytes:
    os.write(1, payload)
    sys.stdout.write("and more\n")
    sys.stdout.flush()
    return b"printed"


def crash(_: Channel, payload: bytes) -> None:
    raise ValueError(payload.decode())


def die(_: Channel, payload: bytes) -> None:
    sys.stderr.write(payload.decode())
    sys.stderr.flush()
    os._exit(3)


def hang(_: Channel, __: bytes) -> None:
    while True:
        pass


DEEDS: dict[int, Callable[[Channel, bytes], bytes | None]] = {
    ECHO: lambda _, payload: payload,
    SPELL: spell,
    REFUSE: refuse,
    PRINT: print_noise,
    MODULES: lambda *_: " ".join(sys.modules).encode(),
    CRASH: crash,
    DIE: die,
    HANG: hang,
    COUNT: lambda _, payload: str(sum(range(int(payload)))).encode(),
}
