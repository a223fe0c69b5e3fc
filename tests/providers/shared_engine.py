"""An engine for tests that serves several users: it does what a request's kind says."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from parley.providers.turns import LEAVE, Turns

if TYPE_CHECKING:
    from parley.providers.engine_process import Channel

ECHO, AUDIO, REFUSE, COUNT, DIE, HANG, STAY = range(7)
"""Say the same; say nothing; refuse; how many are here, and how much this user asked; end; never
answer; and, from then on, overlook that somebody leaves."""


def serve(channel: Channel) -> None:
    channel.answer(b"ready")
    turns = Turns(channel, patient=AUDIO)
    asked: dict[int, int] = {}
    stays = False
    while True:
        user, kind, payload, *_ = turns.next()
        asked[user] = asked.get(user, 0) + 1
        if kind == LEAVE:
            del asked[user]
            while stays:
                time.sleep(1)
        elif kind == REFUSE:
            turns.refuse(user, "no")
            continue
        elif kind == DIE:
            os._exit(3)
        stays = stays or kind == STAY
        while kind == HANG:
            time.sleep(1)
        said = {ECHO: payload, COUNT: f"{len(asked)} {asked.get(user)}".encode()}
        turns.answer(user, said.get(kind, b""))
