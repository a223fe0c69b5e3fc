import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from echo_engine import COUNT, CRASH, DIE, ECHO, HANG, MODULES, PRINT, REFUSE, SPELL
from engine_user import ECHO_ENGINE, Recorder, is_gone

from parley.errors import ProviderError, ProviderUnavailable
from parley.providers.worker import Inbox, Worker
from parley.runtime.vtime import VirtualLoop, run_virtual


class Owner:
    """Notes what a worker tells its pool."""

    def __init__(self) -> None:
        self.freed_workers: asyncio.Queue[Worker] = asyncio.Queue()

    def freed(self, worker: Worker) -> None:
        self.freed_workers.put_nowait(worker)

    def lost(self, worker: Worker, how: str) -> ProviderError:
        return ProviderUnavailable("echo", how)


@asynccontextmanager
async def running() -> AsyncIterator[tuple[Worker, Recorder, Owner]]:
    """A process that works for a recorder, and is gone at the end."""
    owner, user = Owner(), Recorder()
    worker = Worker(owner)
    await worker.start(ECHO_ENGINE)
    worker.user = user
    try:
        yield worker, user, owner
    finally:
        worker.kill()
        await worker.ended
        assert worker.owed == 0
        assert is_gone(worker.pid)


def test_it_greets_and_answers_each_request_in_order() -> None:
    async def main() -> None:
        async with running() as (worker, user, _):
            assert worker.greeting == b"ready"
            for text in (b"one", b"", b"x" * 200_000):
                worker.request(ECHO, text)
            assert [await user.told.get() for _ in range(3)] == [
                ("answer", "one"),
                ("answer", ""),
                ("answer", "x" * 200_000),
            ]

    asyncio.run(main())


def test_parts_come_before_the_answer_and_a_refusal_is_one() -> None:
    async def main() -> None:
        async with running() as (worker, user, _):
            worker.request(SPELL, b"hi")
            worker.request(REFUSE)
            told = [await user.told.get() for _ in range(4)]
            assert told == [("part", "h"), ("part", "i"), ("answer", ""), ("refused", "no")]
            assert worker.owed == 0

    asyncio.run(main())


def test_what_a_library_prints_is_no_answer() -> None:
    async def main() -> None:
        async with running() as (worker, user, _):
            assert await user.ask(worker, PRINT, b"\0\1\2 noise\n") == ("answer", "printed")
            assert await user.ask(worker, ECHO, b"still fine") == ("answer", "still fine")

    asyncio.run(main())


def test_the_process_loads_neither_parley_nor_numpy() -> None:
    async def main() -> None:
        async with running() as (worker, user, _):
            _, modules = await user.ask(worker, MODULES)
            assert not {"parley", "numpy", "asyncio"} & set(modules.split())

    asyncio.run(main())


def test_the_terminals_interrupt_does_not_reach_the_process() -> None:
    async def main() -> None:
        async with running() as (worker, _, _):
            assert os.getsid(worker.pid) == os.getpgid(worker.pid) == worker.pid

    asyncio.run(main())


def test_a_crash_is_told_with_its_place_and_without_the_text() -> None:
    async def main() -> None:
        async with running() as (worker, user, _):
            kind, said = await user.ask(worker, CRASH, b"my card is 4711")
            assert kind == "failed"
            assert "ValueError in crash" in said
            assert "4711" not in said

    asyncio.run(main())


def test_the_last_words_and_the_exit_code_are_told_shortened() -> None:
    async def main() -> None:
        async with running() as (worker, user, _):
            _, said = await user.ask(worker, DIE, b"x" * 5000 + b"\nout of\nmemory\n")
            assert said.endswith("| out of | memory)")
            assert "code 3" in said
            assert len(said) < 500

    asyncio.run(main())


@pytest.mark.parametrize("stop", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV])
def test_all_answers_are_settled_when_the_process_dies(stop: signal.Signals) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        async with running() as (worker, user, _):
            assert (loop.owed, worker.owed) == (0, 0)
            worker.request(HANG)
            for _ in range(10):
                worker.request(ECHO)
            assert (loop.owed, worker.owed) == (11, 11)
            os.kill(worker.pid, stop)
            assert (await user.told.get())[0] == "failed"
            assert (loop.owed, worker.owed) == (0, 0)
            worker.request(ECHO)
            assert (loop.owed, worker.owed) == (0, 0)

    run_virtual(main())


def test_simulated_time_stands_still_until_the_answer() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        async with running() as (worker, user, _):
            assert loop.time() == 0
            timer = asyncio.create_task(asyncio.sleep(0.001))
            assert await user.ask(worker, COUNT, b"1000000") == ("answer", "499999500000")
            assert loop.time() == 0
            assert not timer.done()
            await timer

    run_virtual(main())


def test_without_a_user_it_is_free_when_all_is_answered() -> None:
    async def main() -> None:
        async with running() as (worker, user, owner):
            worker.request(SPELL, b"abc")
            worker.request(ECHO, b"last")
            worker.user = None
            worker.give_up_in(60)
            assert await owner.freed_workers.get() is worker
            assert user.told.empty()

    asyncio.run(main())


def test_a_process_that_hangs_or_stands_still_is_ended() -> None:
    async def main(stopped: bool) -> None:
        async with running() as (worker, _, _):
            worker.request(HANG)
            if stopped:
                os.kill(worker.pid, signal.SIGSTOP)
            worker.give_up_in(1.0)
            await worker.ended

    for stopped in (False, True):
        with asyncio.Runner(loop_factory=lambda: VirtualLoop(patience_s=0.05)) as runner:
            runner.run(main(stopped))


def test_a_process_can_be_ended_while_it_starts() -> None:
    async def main() -> None:
        worker = Worker(Owner())
        start = asyncio.create_task(worker.start(ECHO_ENGINE))
        await asyncio.sleep(0)
        worker.kill()
        with pytest.raises(ProviderUnavailable):
            await start
        await worker.ended
        assert is_gone(worker.pid)

    asyncio.run(main())


def test_an_inbox_ends_after_its_last_item_and_stays_at_its_end() -> None:
    async def main() -> None:
        inbox: Inbox[str] = Inbox()
        inbox.put("a")
        inbox.put("b")
        inbox.end()
        inbox.end(ProviderError("echo", "too late"))
        assert [await inbox.get() for _ in range(4)] == ["a", "b", None, None]

    asyncio.run(main())


def test_an_inbox_raises_its_error_after_its_last_item() -> None:
    async def main() -> None:
        inbox: Inbox[str] = Inbox()
        waiting = asyncio.create_task(inbox.get())
        await asyncio.sleep(0)
        inbox.put("a")
        inbox.end(ProviderError("echo", "gone"))
        assert await waiting == "a"
        for _ in range(2):
            with pytest.raises(ProviderError, match="gone"):
                await inbox.get()

    asyncio.run(main())


def test_an_unread_item_gives_way_only_where_it_is_out_of_date() -> None:
    async def main() -> None:
        inbox: Inbox[str] = Inbox()
        for item in ("final", "so", "so far", "so far so good", "final"):
            inbox.put(item, replaces=lambda last: last != "final")
        inbox.put("more", replaces=lambda last: last != "final")
        inbox.end()
        assert [await inbox.get() for _ in range(4)] == ["final", "final", "more", None]

    asyncio.run(main())
