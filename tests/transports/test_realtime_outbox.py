"""What waits to be sent: in order, bounded, and not for ever."""

import asyncio

import pytest

from parley.errors import TransportError
from parley.runtime.vtime import run_virtual
from parley.transports.realtime.outbox import Outbox


def outbox(limit_bytes: int = 100) -> Outbox:
    return Outbox(limit_bytes=limit_bytes, write_s=5.0)


def test_texts_are_sent_in_order_and_to_the_end() -> None:
    sent: list[str] = []

    async def main() -> None:
        box = outbox()

        async def send(text: str) -> None:
            await asyncio.sleep(0.1)
            sent.append(text)
            if text == "b":
                box.put("d")

        for text in "abc":
            box.put(text)
        running = asyncio.get_running_loop().create_task(box.run(send))
        await asyncio.sleep(1.0)
        box.put("e")
        box.close()
        box.put("too late")
        await running

    run_virtual(main())
    assert sent == ["a", "b", "c", "d", "e"]


def test_who_does_not_read_is_given_up() -> None:
    async def main() -> float:
        box = outbox()
        box.put("a")
        began = asyncio.get_running_loop().time()
        with pytest.raises(TransportError, match="does not read"):
            await box.run(lambda _: asyncio.sleep(1000))
        return asyncio.get_running_loop().time() - began

    assert run_virtual(main()) == pytest.approx(5.0)


def test_who_reads_too_slowly_is_given_up() -> None:
    sent: list[str] = []

    async def main() -> None:
        box = outbox(limit_bytes=100)

        async def send(text: str) -> None:
            await asyncio.sleep(1.0)
            sent.append(text)
            for _ in range(3):
                box.put("x" * 20)

        box.put("x" * 20)
        with pytest.raises(TransportError, match="too slowly"):
            await box.run(send)
        for _ in range(1000):
            box.put("x" * 20)
        assert box._bytes < 200, "nothing gathers after that"

    run_virtual(main())
    assert len(sent) == 3


def test_audio_that_waits_can_be_thrown_away() -> None:
    sent: list[str] = []

    async def main() -> None:
        box = outbox(limit_bytes=10)
        box.put("a")
        box.put("12345678", audio=True)
        box.put("b")
        box.drop_audio()
        box.put("c" * 8)
        box.close()

        async def send(text: str) -> None:
            sent.append(text)

        await box.run(send)

    run_virtual(main())
    assert sent == ["a", "b", "c" * 8]
