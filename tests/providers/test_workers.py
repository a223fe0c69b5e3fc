import asyncio
import gc
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from echo_engine import DIE, ECHO, HANG, SPELL
from engine_user import ECHO_ENGINE, Recorder, ends, is_gone

from parley.errors import ConfigurationError, ProviderUnavailable
from parley.providers.worker import Worker
from parley.providers.workers import WorkerPool
from parley.runtime.vtime import VirtualLoop, run_virtual


@asynccontextmanager
async def pool(
    ready: int = 1, maximum: int = 2, queue: int = 0, engine: Path = ECHO_ENGINE
) -> AsyncIterator[WorkerPool]:
    """A pool whose processes are all gone at the end, and to which nothing is owed."""
    workers = WorkerPool("echo", engine, ready=ready, maximum=maximum, queue=queue)
    try:
        yield workers
    finally:
        pids = {worker.pid for worker in workers._alive if worker.pid}
        await workers.aclose()
        assert all(is_gone(pid) for pid in pids)
        assert not workers._alive
        loop = asyncio.get_running_loop()
        assert not isinstance(loop, VirtualLoop) or loop.owed == 0
        gc.collect()


async def use(workers: WorkerPool, text: str) -> tuple[str, int]:
    """Let some process echo a text; return what it said and its number."""
    user = Recorder()
    worker = await workers.acquire(user)
    try:
        _, said = await user.ask(worker, ECHO, text.encode())
    finally:
        workers.release(worker, user)
    return said, worker.pid


def test_a_warm_process_is_used_and_used_again() -> None:
    async def main() -> None:
        async with pool(maximum=1) as workers:
            await workers.warm()
            await workers.warm()
            (warm,) = workers._alive
            assert await use(workers, "one") == ("one", warm.pid)
            assert await use(workers, "two") == ("two", warm.pid)

    run_virtual(main())


def test_another_process_is_made_ready_when_one_is_taken() -> None:
    async def main() -> None:
        async with pool(ready=1, maximum=3) as workers:
            first, second = Recorder(), Recorder()
            taken = await workers.acquire(first)
            await workers.warm()
            (idle,) = workers._idle
            assert await workers.acquire(second) is idle is not taken

    run_virtual(main())


def test_no_more_than_twice_the_ready_processes_stay_idle() -> None:
    async def main() -> None:
        async with pool(ready=1, maximum=5) as workers:
            users = [Recorder() for _ in range(5)]
            taken = [await workers.acquire(user) for user in users]
            for worker, user in zip(taken, users, strict=True):
                workers.release(worker, user)
            for worker in taken[2:]:
                await worker.ended
            assert workers._alive == set(taken[:2])

    run_virtual(main())


def test_beyond_the_maximum_there_is_an_error_with_a_remedy() -> None:
    async def main() -> None:
        async with pool(maximum=1) as workers:
            user = Recorder()
            worker = await workers.acquire(user)
            with pytest.raises(ProviderUnavailable, match="busy") as caught:
                await workers.acquire(Recorder())
            assert caught.value.remedy
            workers.release(worker, user)
            assert (await use(workers, "next"))[0] == "next"

    run_virtual(main())


def test_those_who_wait_are_served_in_the_order_in_which_they_came() -> None:
    async def main() -> None:
        async with pool(maximum=1, queue=3) as workers:
            user = Recorder()
            worker = await workers.acquire(user)
            served: list[str] = []

            async def wait(text: str) -> None:
                served.append((await use(workers, text))[0])

            waiting = [asyncio.create_task(wait(text)) for text in ("a", "b", "c")]
            await asyncio.sleep(0)
            with pytest.raises(ProviderUnavailable):
                await workers.acquire(Recorder())
            waiting[0].cancel()
            workers.release(worker, user)
            await asyncio.gather(*waiting, return_exceptions=True)
            assert served == ["b", "c"]

    run_virtual(main())


def test_only_the_user_of_a_dead_process_is_told_and_another_takes_its_place() -> None:
    async def main() -> None:
        async with pool(ready=0, maximum=2, queue=1) as workers:
            victim, other, waiting = Recorder(), Recorder(), Recorder()
            first = await workers.acquire(victim)
            second = await workers.acquire(other)
            turn = asyncio.create_task(workers.acquire(waiting))
            os.kill(first.pid, signal.SIGKILL)
            assert (await victim.told.get())[0] == "failed"
            assert [type(error) for error in victim.errors] == [ProviderUnavailable]
            assert await waiting.ask(await turn, ECHO, b"new") == ("answer", "new")
            assert await other.ask(second, ECHO, b"same") == ("answer", "same")
            assert not other.errors
            assert not waiting.errors

    run_virtual(main())


def test_an_idle_process_that_dies_harms_nobody() -> None:
    async def main() -> None:
        async with pool(maximum=1) as workers:
            await workers.warm()
            (idle,) = workers._idle
            os.kill(idle.pid, signal.SIGKILL)
            await idle.ended
            assert not workers._alive
            assert (await use(workers, "fine"))[0] == "fine"

    run_virtual(main())


def test_what_is_still_owed_to_a_user_who_left_reaches_nobody() -> None:
    async def main() -> None:
        async with pool(maximum=1) as workers:
            left = Recorder()
            worker = await workers.acquire(left)
            worker.request(SPELL, b"x" * 1000)
            workers.release(worker, left)
            workers.release(worker, left)
            assert await use(workers, "mine") == ("mine", worker.pid)
            assert left.told.empty()

    run_virtual(main())


def test_a_process_that_hangs_after_its_release_is_replaced() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        async with pool(maximum=1) as workers:
            user = Recorder()
            worker = await workers.acquire(user)
            worker.request(HANG)
            workers.release(worker, user)
            began, patience, loop.patience_s = loop.time(), loop.patience_s, 0.05
            await worker.ended
            loop.patience_s = patience
            assert loop.time() == pytest.approx(began + 1)
            assert (await use(workers, "again"))[0] == "again"
            assert not user.errors

    run_virtual(main())


def test_a_release_by_an_earlier_user_does_not_take_the_process_from_a_later_one() -> None:
    async def main() -> None:
        async with pool(maximum=1) as workers:
            early, late = Recorder(), Recorder()
            worker = await workers.acquire(early)
            workers.release(worker, early)
            assert await workers.acquire(late) is worker
            workers.release(worker, early)
            assert worker.user is late

    run_virtual(main())


@pytest.mark.parametrize("queued", [False, True])
def test_a_cancelled_wait_leaves_the_pool_as_it_was(queued: bool) -> None:
    async def attempt(workers: WorkerPool, steps: int) -> bool:
        """Cancel after so many steps of the loop; return whether it was too late."""
        task = asyncio.create_task(use(workers, "maybe"))
        for _ in range(steps):
            await asyncio.sleep(0)
        late = task.done()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return late

    async def main() -> None:
        async with pool(ready=0, maximum=1, queue=1) as workers:
            steps, late = 0, False
            while not late:
                blocker = Recorder()
                worker = await workers.acquire(blocker) if queued else None
                if worker is not None:
                    asyncio.get_running_loop().call_soon(workers.release, worker, blocker)
                late = await attempt(workers, steps)
                assert (await use(workers, "works"))[0] == "works"
                assert not workers._waiting
                assert len(workers._alive) <= 1
                steps = steps + 1 if steps < 12 else steps * 2

    run_virtual(main())


def test_closing_tells_users_and_those_who_wait_and_ends_what_starts() -> None:
    async def main() -> None:
        async with pool(ready=0, maximum=3, queue=5) as workers:
            users = [Recorder() for _ in range(2)]
            taken = [await workers.acquire(user) for user in users]
            taken[0].request(HANG)
            os.kill(taken[1].pid, signal.SIGSTOP)
            waiting = [asyncio.create_task(workers.acquire(Recorder())) for _ in range(2)]
            await asyncio.sleep(0)
            await workers.aclose()
            await workers.aclose()
            for user in users:
                assert [str(error) for error in user.errors] == ["echo: it was closed"]
            told = await asyncio.gather(*waiting, return_exceptions=True)
            assert [type(error) for error in told] == [ProviderUnavailable] * 2
            for attempt in (workers.warm(), workers.acquire(Recorder())):
                with pytest.raises(ProviderUnavailable, match="closed"):
                    await attempt

    run_virtual(main())


@pytest.mark.parametrize("steps", [0, 1, 2, 3, 5, 8])
def test_closing_at_any_moment_of_a_start_leaves_no_process(steps: int) -> None:
    async def main() -> None:
        async with pool(ready=2, maximum=2) as workers:
            warming = asyncio.create_task(workers.warm())
            for _ in range(steps):
                await asyncio.sleep(0)
            await workers.aclose()
            with pytest.raises(ProviderUnavailable):
                await warming

    asyncio.run(main())


def test_an_engine_that_cannot_start_says_why_and_is_not_tried_for_ever(tmp_path: Path) -> None:
    broken = tmp_path / "broken_engine.py"
    broken.write_text("def serve(channel):\n    import no_such_package\n")

    async def main() -> None:
        async with pool(ready=1, maximum=3, queue=9, engine=broken) as workers:
            with pytest.raises(ProviderUnavailable, match="No module named 'no_such_package'"):
                await workers.warm()
            assert not workers._alive
            waiting = [workers.acquire(Recorder()) for _ in range(5)]
            told = await asyncio.gather(*waiting, return_exceptions=True)
            assert [type(error) for error in told] == [ProviderUnavailable] * 5
            assert not workers._alive
            assert not workers._starts

    run_virtual(main())


def test_a_python_that_cannot_be_run_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        async with pool() as workers:
            with pytest.raises(ProviderUnavailable, match="could not be started"):
                await workers.acquire(Recorder())

    monkeypatch.setattr(sys, "executable", "/nonexistent/python")
    run_virtual(main())


def test_an_engine_that_does_not_get_ready_is_given_up(tmp_path: Path) -> None:
    lazy = tmp_path / "lazy_engine.py"
    lazy.write_text("def serve(channel):\n    channel.receive()\n")

    async def main() -> None:
        async with pool(ready=0, engine=lazy) as workers:
            with pytest.raises(ProviderUnavailable, match="could not be started"):
                await workers.acquire(Recorder())
            assert asyncio.get_running_loop().time() == pytest.approx(20)

    with asyncio.Runner(loop_factory=lambda: VirtualLoop(patience_s=0.3)) as runner:
        runner.run(main())


@pytest.mark.parametrize(("ready", "maximum"), [(2, 1), (-1, 1), (0, 0)])
def test_numbers_that_make_no_sense_are_refused(ready: int, maximum: int) -> None:
    with pytest.raises(ConfigurationError):
        WorkerPool("echo", ECHO_ENGINE, ready=ready, maximum=maximum)


def test_processes_end_when_their_parent_is_killed() -> None:
    parent_code = """
        import asyncio, sys
        from pathlib import Path
        from parley.providers.workers import WorkerPool

        async def main():
            workers = WorkerPool("echo", Path(sys.argv[1]), ready=2, maximum=2)
            await workers.warm()
            print(*(worker.pid for worker in workers._alive), flush=True)
            await asyncio.Event().wait()

        asyncio.run(main())
    """
    command = [sys.executable, "-c", textwrap.dedent(parent_code), str(ECHO_ENGINE)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        assert len(pids) == 2
        parent.kill()
    assert all(ends(pid) for pid in pids)


def test_a_crash_right_after_the_release_is_not_the_next_users_fault() -> None:
    async def main() -> None:
        async with pool(maximum=1) as workers:
            user = Recorder()
            worker: Worker = await workers.acquire(user)
            worker.request(DIE, b"late")
            workers.release(worker, user)
            said, pid = await use(workers, "fine")
            assert (said, pid == worker.pid) == ("fine", False)

    run_virtual(main())
