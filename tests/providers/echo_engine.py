"""An engine for tests: it does what the request's kind says."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from parley.providers.engine_process import Channel

ECHO, SPELL, REFUSE, PRINT, MODULES, CRASH, DIE, HANG, COUNT = range(9)


def serve(channel: Channel) -> None:
    channel.answer(b"ready")
    while True:
        kind, payload = channel.receive()
        if kind == SPELL:
            for letter in payload.decode():
                channel.part(letter.encode())
            channel.answer()
        elif kind == REFUSE:
            channel.refuse("no")
        elif kind == PRINT:
            os.write(1, payload)
            sys.stdout.write("and more\n")
            sys.stdout.flush()
            channel.answer(b"printed")
        elif kind == MODULES:
            channel.answer(" ".join(sys.modules).encode())
        elif kind == CRASH:
            raise ValueError(payload.decode())
        elif kind == DIE:
            sys.stderr.write(payload.decode())
            sys.stderr.flush()
            os._exit(3)
        elif kind == HANG:
            while True:
                pass
        elif kind == COUNT:
            total = sum(range(int(payload)))
            channel.answer(str(total).encode())
        else:
            channel.answer(payload)
