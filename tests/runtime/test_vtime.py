import asyncio
import threading
import time

from parley.owing import owe, settle
from parley.runtime.vtime import VirtualLoop, run_virtual


def test_an_hour_takes_no_time() -> None:
    async def main() -> float:
        await asyncio.sleep(3600)
        return asyncio.get_running_loop().time()

    began = time.perf_counter()
    assert run_virtual(main()) == 3600
    assert time.perf_counter() - began < 1


def test_timers_for_the_same_instant_fire_in_the_order_in_which_they_were_set() -> None:
    async def main() -> list[int]:
        seen: list[int] = []
        loop = asyncio.get_running_loop()
        for i in range(50):
            loop.call_at(1.0, seen.append, i)
        await asyncio.sleep(2)
        return seen

    assert run_virtual(main()) == list(range(50))


def test_the_clock_stands_still_while_something_is_owed() -> None:
    async def main() -> tuple[float, list[str]]:
        loop = asyncio.get_running_loop()
        order: list[str] = []
        answered = asyncio.Event()
        go = threading.Event()

        def engine() -> None:
            go.wait()
            loop.call_soon_threadsafe(answered.set)

        thread = threading.Thread(target=engine)
        thread.start()
        loop.call_later(5, order.append, "timer")
        owe()
        go.set()
        await answered.wait()
        order.append("answer")
        at = loop.time()
        settle()
        await asyncio.sleep(10)
        thread.join()
        return at, order

    assert run_virtual(main()) == (0.0, ["answer", "timer"])


def test_executor_work_counts_as_owed() -> None:
    async def main() -> float:
        loop = asyncio.get_running_loop()
        await asyncio.gather(asyncio.to_thread(sum, range(1000)), asyncio.sleep(0))
        return loop.time()

    assert run_virtual(main()) == 0.0


def test_a_stalled_engine_stops_the_clock_only_for_a_while() -> None:
    async def main() -> float:
        owe()
        await asyncio.sleep(5)
        settle()
        return asyncio.get_running_loop().time()

    with asyncio.Runner(loop_factory=lambda: VirtualLoop(patience_s=0.01)) as runner:
        assert runner.run(main()) == 5
