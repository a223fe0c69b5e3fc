"""Users who share processes, in simulated time, with real processes."""

import asyncio
import gc
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest
from engine_user import Recorder, is_gone
from shared_engine import AUDIO, COUNT, DIE, ECHO, HANG, REFUSE, STAY

from parley.errors import ConfigurationError, ProviderUnavailable
from parley.providers.engine_process import PART
from parley.providers.places import HUNG_S, LATE_S, Place
from parley.providers.sharing import TRIES, SharedPool
from parley.providers.turns import AT_WORK
from parley.runtime.vtime import VirtualLoop, run_virtual

ENGINE = Path(__file__).with_name("shared_engine.py")


@asynccontextmanager
async def pool(
    places: int = 4, ready: int = 1, maximum: int = 8, engine: Path = ENGINE
) -> AsyncIterator[SharedPool]:
    """A pool whose processes are all gone at the end, and to which nothing is owed."""
    shared = SharedPool("shared", engine, places=places, ready=ready, maximum=maximum)
    try:
        yield shared
    finally:
        pids = pids_of(shared)
        await shared.aclose()
        assert all(is_gone(pid) for pid in pids)
        assert not shared._shared
        assert not shared._starts
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        assert loop.owed == 0
        gc.collect()


def pids_of(shared: SharedPool) -> set[int]:
    return {process.worker.pid for process in shared._shared}


class Caller(Recorder):
    """A user with a place."""

    place: Place

    @classmethod
    async def come(cls, shared: SharedPool) -> "Caller":
        caller = cls()
        caller.place = await shared.acquire(caller)
        return caller

    async def says(self, kind: int, payload: bytes = b"") -> str:
        """Ask, and return the answer to it, which is the next."""
        self.place.request(kind, payload)
        return (await self.told.get())[1]


async def come(shared: SharedPool, count: int) -> list[Caller]:
    return [await Caller.come(shared) for _ in range(count)]


async def rest() -> None:
    """Wait until no process starts or owes an answer: simulated time goes on only then."""
    await asyncio.sleep(0.001)


def test_two_in_a_process_have_their_own_answers_and_state() -> None:
    async def main() -> None:
        async with pool() as shared:
            await shared.warm()
            one, two = await come(shared, 2)
            assert one.place.pid == two.place.pid
            one.place.request(ECHO, b"a b")
            two.place.request(ECHO, b"")
            two.place.request(REFUSE)
            one.place.request(AUDIO)
            assert [await one.told.get() for _ in range(2)] == [("answer", "a b"), ("answer", "")]
            assert [await two.told.get() for _ in range(2)] == [("answer", ""), ("refused", "no")]
            assert await two.says(COUNT) == "2 3"
            assert await one.says(COUNT) == "2 3"

    run_virtual(main())


def test_one_leaves_and_is_forgotten_and_the_other_goes_on() -> None:
    async def main() -> None:
        async with pool() as shared:
            one, two = await come(shared, 2)
            for caller in (one, two):
                for _ in range(200):
                    caller.place.request(AUDIO)
            one.place.leave()
            one.place.leave()
            for _ in range(200):
                await two.told.get()
            assert one.told.empty()
            assert await two.says(COUNT) == "1 201"
            assert not one.errors
            assert await (await Caller.come(shared)).says(COUNT) == "2 1"

    run_virtual(main())


def test_another_process_is_started_where_half_of_the_places_are_taken() -> None:
    async def main() -> None:
        async with pool() as shared:
            first = await come(shared, 1)
            await rest()
            assert len(pids_of(shared)) == 1
            first += await come(shared, 1)
            await rest()
            assert len(pids_of(shared)) == 2
            then = await come(shared, 2)
            assert {c.place.pid for c in then}.isdisjoint({c.place.pid for c in first})
            await rest()
            assert len(pids_of(shared)) == 2  # eight need no more

    run_virtual(main())


def test_many_at_once_get_no_more_than_their_places() -> None:
    async def main() -> None:
        async with pool(ready=0) as shared:
            callers = await asyncio.gather(*(Caller.come(shared) for _ in range(8)))
            assert {process.taken for process in shared._shared} == {4}
            for caller in callers:
                assert await caller.says(ECHO, b"here") == "here"

    run_virtual(main())


def test_beyond_the_maximum_there_is_an_error_until_somebody_leaves() -> None:
    async def main() -> None:
        async with pool(maximum=3) as shared:
            callers = await come(shared, 3)
            with pytest.raises(ProviderUnavailable, match="busy") as caught:
                await shared.acquire(Recorder())
            assert caught.value.remedy
            callers[1].place.leave()
            await come(shared, 1)
            with pytest.raises(ProviderUnavailable, match="busy"):
                await shared.acquire(Recorder())
            assert len(pids_of(shared)) == 1

    run_virtual(main())


def test_a_place_that_is_not_yet_free_is_waited_for() -> None:
    async def main() -> None:
        async with pool(places=1, maximum=1) as shared:
            (one,) = await come(shared, 1)
            one.place.request(ECHO, b"x" * 100_000)
            pid = one.place.pid
            one.place.leave()
            (two,) = await come(shared, 1)
            assert two.place.pid == pid
            assert await two.says(COUNT) == "1 1"
            assert one.told.empty()

    run_virtual(main())


@pytest.mark.parametrize("stop", [signal.SIGKILL, None])
def test_all_in_a_process_that_dies_are_told_and_no_other(stop: signal.Signals | None) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        async with pool() as shared:
            victims = await come(shared, 2)
            await rest()
            (other,) = await come(shared, 1)
            victims[1].place.request(HANG if stop else ECHO)
            if stop:
                os.kill(victims[0].place.pid, stop)
            else:
                victims[0].place.request(DIE)
            await rest()
            for caller in victims:
                assert [type(error) for error in caller.errors] == [ProviderUnavailable]
                caller.place.request(ECHO)
                caller.place.leave()
            assert loop.owed == 0
            assert await other.says(ECHO, b"fine") == "fine"
            assert not other.errors
            again = await come(shared, 7)
            for caller in again:
                assert await caller.says(ECHO, b"new") == "new"
            with pytest.raises(ProviderUnavailable, match="busy"):
                await shared.acquire(Recorder())

    run_virtual(main())


def test_an_idle_process_that_dies_harms_nobody_and_is_not_replaced() -> None:
    async def main() -> None:
        async with pool() as shared:
            await shared.warm()
            (process,) = shared._shared
            os.kill(process.worker.pid, signal.SIGKILL)
            await process.worker.ended
            assert not shared._shared
            assert not shared._starts
            (caller,) = await come(shared, 1)
            assert await caller.says(ECHO, b"fine") == "fine"

    run_virtual(main())


@contextmanager
def time_goes_on() -> Iterator[VirtualLoop]:
    """Simulated time does not wait for a process that hangs."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    patience, loop.patience_s = loop.patience_s, 0.05
    yield loop
    loop.patience_s = patience


def test_a_process_that_does_not_let_go_of_who_left_is_ended() -> None:
    async def main() -> None:
        async with pool(maximum=2) as shared:
            leaving, other = await come(shared, 2)
            await leaving.says(STAY)
            with time_goes_on() as loop:
                began = loop.time()
                leaving.place.leave()
                assert (await other.told.get())[0] == "failed"
                assert loop.time() == pytest.approx(began + HUNG_S)
            assert not leaving.errors
            assert await (await Caller.come(shared)).says(ECHO, b"new") == "new"

    run_virtual(main())


def test_a_process_that_hangs_is_ended_and_its_users_are_told() -> None:
    async def main() -> None:
        async with pool() as shared:
            one, other = await come(shared, 2)
            with time_goes_on() as loop:
                assert await one.says(ECHO, b"a") == "a"
                await asyncio.sleep(HUNG_S)  # it owes nothing
                one.place.request(HANG)
                began = loop.time()
                await asyncio.sleep(HUNG_S / 2)
                other.place.request(ECHO)  # more that it owes is no news of it
                assert [(await caller.told.get())[0] for caller in (one, other)] == ["failed"] * 2
                assert loop.time() == pytest.approx(began + HUNG_S)

    run_virtual(main())


def test_a_process_that_answers_now_and_then_is_not_ended() -> None:
    async def main() -> None:
        async with pool(maximum=1) as shared:
            (caller,) = await come(shared, 1)
            pid = caller.place.pid
            with time_goes_on():
                for _ in range(3):
                    os.kill(pid, signal.SIGSTOP)
                    caller.place.request(ECHO, b"late")
                    caller.place.request(ECHO, b"too")
                    await asyncio.sleep(HUNG_S - 0.5)
                    os.kill(pid, signal.SIGCONT)
                    assert [await caller.told.get() for _ in range(2)]
            assert not caller.errors

    run_virtual(main())


def test_nobody_gets_a_place_in_a_process_that_has_not_answered_lately() -> None:
    async def main() -> None:
        async with pool() as shared:
            (one,) = await come(shared, 1)
            await rest()
            with time_goes_on():
                one.place.request(HANG)
                await asyncio.sleep(LATE_S - 0.1)
                (early,) = await come(shared, 1)
                assert early.place.pid == one.place.pid  # it may be busy, as any is
                await asyncio.sleep(0.1)
                others = await come(shared, 3)
                assert one.place.pid not in {caller.place.pid for caller in others}
                assert await others[0].says(ECHO, b"fine") == "fine"

    run_virtual(main())


def test_where_no_process_answers_its_answer_or_its_end_is_waited_for() -> None:
    async def main() -> None:
        async with pool(maximum=4) as shared:
            (one,) = await come(shared, 1)
            pid = one.place.pid
            with time_goes_on():
                os.kill(pid, signal.SIGSTOP)
                one.place.request(ECHO)
                await asyncio.sleep(LATE_S)
                waiting = asyncio.create_task(Caller.come(shared))
                await asyncio.sleep(LATE_S)
                assert not waiting.done()
                os.kill(pid, signal.SIGCONT)
                assert (await waiting).place.pid == pid
                one.place.request(HANG)
                await asyncio.sleep(LATE_S)
                then = await Caller.come(shared)
            assert then.place.pid != pid
            assert await then.says(ECHO, b"new") == "new"

    run_virtual(main())


def test_a_late_process_whose_last_user_left_is_ended_when_it_answers() -> None:
    async def main() -> None:
        async with pool(ready=0) as shared:
            (one,) = await come(shared, 1)
            worker = one.place._shared.worker
            with time_goes_on():
                os.kill(worker.pid, signal.SIGSTOP)
                one.place.leave()
                await asyncio.sleep(LATE_S)
                os.kill(worker.pid, signal.SIGCONT)
                await worker.ended
            assert not shared._shared

    run_virtual(main())


def test_a_process_that_is_at_work_and_says_so_neither_hangs_nor_is_late() -> None:
    async def main() -> None:
        async with pool(maximum=4) as shared:
            (one,) = await come(shared, 1)
            with time_goes_on():
                one.place.request(HANG)
                for _ in range(4):
                    await asyncio.sleep(HUNG_S / 2)
                    one.place._shared.receive(PART, AT_WORK)
                assert not one.errors
                assert (await Caller.come(shared)).place.pid == one.place.pid
            assert one.told.empty()

    run_virtual(main())


def test_nobody_gets_a_place_in_a_process_that_is_being_ended() -> None:
    async def main() -> None:
        async with pool(maximum=2) as shared:
            (leaving,) = await come(shared, 1)
            await leaving.says(STAY)
            with time_goes_on():
                leaving.place.leave()
                await asyncio.sleep(HUNG_S)  # it is killed now, and not gone yet
            assert await (await Caller.come(shared)).says(ECHO, b"new") == "new"

    run_virtual(main())


def test_no_more_than_twice_the_ready_processes_stay_without_users() -> None:
    async def main() -> None:
        async with pool(places=1, ready=1, maximum=5) as shared:
            callers = await come(shared, 5)
            for caller in callers:
                caller.place.leave()
            await rest()
            assert len(pids_of(shared)) == 2

    run_virtual(main())


def test_nothing_is_kept_where_nothing_is_to_be_ready() -> None:
    async def main() -> None:
        async with pool(ready=0) as shared:
            (caller,) = await come(shared, 1)
            worker = caller.place._shared.worker
            caller.place.leave()
            await worker.ended
            assert not shared._shared

    run_virtual(main())


def test_a_cancelled_wait_leaves_the_pool_as_it_was() -> None:
    async def attempt(shared: SharedPool, steps: int) -> bool:
        """Cancel after so many steps of the loop; return whether it was too late."""
        task = asyncio.create_task(Caller.come(shared))
        for _ in range(steps):
            await asyncio.sleep(0)
        late = task.done()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        if late:
            task.result().place.leave()
        return late

    async def main() -> None:
        async with pool(ready=0, maximum=1) as shared:
            steps, late = 0, False
            while not late:
                late = await attempt(shared, steps)
                assert shared._users == shared._waiting == 0
                caller = await Caller.come(shared)
                assert await caller.says(ECHO, b"works") == "works"
                caller.place.leave()
                steps = steps + 1 if steps < 12 else steps * 2

    run_virtual(main())


def test_closing_tells_users_and_those_who_wait() -> None:
    async def main() -> None:
        async with pool(places=1, ready=0, maximum=4) as shared:
            callers = await come(shared, 2)
            callers[0].place.request(HANG)
            waiting = [asyncio.create_task(shared.acquire(Recorder())) for _ in range(2)]
            await asyncio.sleep(0)
            await shared.aclose()
            await shared.aclose()
            for caller in callers:
                assert [str(error) for error in caller.errors] == ["shared: it was closed"]
            told = await asyncio.gather(*waiting, return_exceptions=True)
            assert [type(error) for error in told] == [ProviderUnavailable] * 2
            with pytest.raises(ProviderUnavailable, match="closed"):
                await shared.acquire(Recorder())

    run_virtual(main())


def test_an_engine_that_cannot_start_says_why_and_is_not_tried_for_ever(tmp_path: Path) -> None:
    broken = tmp_path / "broken_engine.py"
    broken.write_text("def serve(channel):\n    import no_such_package\n")

    async def main() -> None:
        async with pool(engine=broken) as shared:
            with pytest.raises(ProviderUnavailable, match="No module named 'no_such_package'"):
                await shared.warm()
            waiting = [shared.acquire(Recorder()) for _ in range(8)]
            told = await asyncio.gather(*waiting, return_exceptions=True)
            assert [type(error) for error in told] == [ProviderUnavailable] * 8
            assert shared._users == 0

    run_virtual(main())


def failing_engine(folder: Path, failures: int) -> Path:
    """An engine so many of whose processes cannot start; the others are as usual."""
    for number in range(failures):
        (folder / str(number)).touch()
    engine = folder / "sometimes_engine.py"
    engine.write_text(
        f"""
import importlib.util
from pathlib import Path

def serve(channel):
    for fault in sorted(Path({str(folder)!r}).glob("[0-9]")):
        try:
            fault.unlink()
        except FileNotFoundError:
            continue
        raise OSError("no room")
    spec = importlib.util.spec_from_file_location("usual", {str(ENGINE)!r})
    usual = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(usual)
    usual.serve(channel)
"""
    )
    return engine


def test_one_process_that_cannot_start_harms_nobody_who_waits(tmp_path: Path) -> None:
    async def main() -> None:
        async with pool(ready=0, engine=failing_engine(tmp_path, 1)) as shared:
            callers = await asyncio.gather(*(Caller.come(shared) for _ in range(8)))
            for caller in callers:
                assert await caller.says(ECHO, b"here") == "here"

    run_virtual(main())


def test_after_some_tries_those_who_wait_are_told_why(tmp_path: Path) -> None:
    async def main() -> None:
        async with pool(ready=0, maximum=4, engine=failing_engine(tmp_path, TRIES + 1)) as shared:
            waiting = [asyncio.create_task(Caller.come(shared)) for _ in range(3)]
            told = await asyncio.gather(*waiting, return_exceptions=True)
            assert [type(error) for error in told] == [ProviderUnavailable] * 3
            assert f"{TRIES} times" in str(told[0])
            assert "no room" in str(told[0])
            assert shared._users == shared._waiting == 0

    run_virtual(main())
    assert len(list(tmp_path.glob("[0-9]"))) == 1  # it was not tried for ever


@pytest.mark.parametrize(("ready", "maximum"), [(2, 1), (-1, 1), (0, 0)])
def test_numbers_that_make_no_sense_are_refused(ready: int, maximum: int) -> None:
    with pytest.raises(ConfigurationError):
        SharedPool("shared", ENGINE, places=4, ready=ready, maximum=maximum)
