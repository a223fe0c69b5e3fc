"""The end-of-turn judgements of all calls: one model, in threads beside the event loop."""

import asyncio
import logging
import threading
from contextlib import suppress
from functools import lru_cache
from queue import SimpleQueue
from typing import Protocol

from parley.errors import ProviderError
from parley.owing import owe, settle
from parley.speech.endofturn import MODEL
from parley.speech.pauses import Judgement, PauseModel

log = logging.getLogger(__name__)

WORKERS = 1
"""Threads. One gives some 17 judgements a second; a call needs one for each pause."""

LONGEST_WAIT_S = 0.2
"""A question that no thread was free for until then is not answered: it would come too late."""

Result = Judgement | ProviderError | None


class TurnModel(Protocol):
    """What `parley.speech.pauses.PauseModel` does. Called in a worker's thread."""

    def __call__(self, pcm: bytes) -> Judgement: ...


class _Question:
    """One pause to be judged. A thread only reads it."""

    __slots__ = ("answer", "expires", "loop", "pcm")

    def __init__(self, pcm: bytes) -> None:
        self.pcm = pcm
        self.loop = asyncio.get_running_loop()
        self.expires = self.loop.time() + LONGEST_WAIT_S
        self.answer: asyncio.Future[Judgement | None] = self.loop.create_future()
        owe()
        self.answer.add_done_callback(lambda _: settle())

    def settle(self, result: Result) -> None:
        """Give the answer, unless it is not awaited any more."""
        if self.answer.done():
            return
        if isinstance(result, ProviderError):
            self.answer.set_exception(result)
        else:
            self.answer.set_result(result)


class PauseJudge:
    """One call's way to the model: one pause at a time, always the newest."""

    __slots__ = ("_question", "_shared")

    def __init__(self, shared: "SharedEndOfTurn") -> None:
        self._shared = shared
        self._question: _Question | None = None

    async def judge(self, pcm: bytes) -> Judgement | None:
        """Whether the turn is over where `pcm` ends.

        `pcm` is as `parley.speech.endofturn.EndOfTurnModel` takes it. None where the
        question was dropped: by `drop`, by the next `judge`, or because the machine is
        too busy to answer in time. Raises ProviderError when the model fails.
        """
        self.drop()
        question = self._question = _Question(pcm)
        self._shared.ask(question)
        return await question.answer

    def drop(self) -> None:
        """The speaker goes on, or the call has ended: do not wait for the judgement."""
        if self._question is not None:
            self._question.settle(None)
            self._question = None


class SharedEndOfTurn:
    """One per process. Nothing in it waits for a lock, or for the model."""

    def __init__(self, model: TurnModel, workers: int = WORKERS) -> None:
        self._model = model
        self._workers = workers
        self._threads: list[threading.Thread] = []
        self._work: SimpleQueue[_Question | None] = SimpleQueue()
        self._closing = False
        self._failed = False

    def open(self) -> PauseJudge:
        """A judge for one call. It needs no closing, but `drop` when the call ends."""
        return PauseJudge(self)

    def close(self) -> None:
        """Drop what waits, and end the threads after what they work on."""
        self._closing = True
        for _ in self._threads:
            self._work.put(None)
        for thread in self._threads:
            thread.join()
        self._threads.clear()

    def ask(self, question: _Question) -> None:
        """Put a question to the next thread that is free."""
        if not self._threads:
            self._start()
        self._work.put(question)

    def _start(self) -> None:
        self._closing = False
        self._threads = [
            threading.Thread(target=self._serve, name="parley-end-of-turn", daemon=True)
            for _ in range(self._workers)
        ]
        for thread in self._threads:
            thread.start()

    def _finish(self, question: _Question, result: Result) -> None:
        if isinstance(result, ProviderError) and not self._failed:
            self._failed = True
            log.warning("%s; it is not logged again", result)
        question.settle(result)

    # What follows runs in the threads.

    def _serve(self) -> None:
        while (question := self._work.get()) is not None:
            if not question.answer.done():
                result = self._result(question)
                with suppress(RuntimeError):  # the loop is closed: nobody waits for the result
                    question.loop.call_soon_threadsafe(self._finish, question, result)

    def _result(self, question: _Question) -> Result:
        # The loop's own clock: simulated time stands still while an answer is owed.
        if self._closing or question.loop.time() > question.expires:
            return None
        try:
            return self._model(question.pcm)
        except Exception as error:
            failure = ProviderError(MODEL, f"a pause cannot be judged ({type(error).__name__})")
            failure.__cause__ = error
            return failure


@lru_cache(maxsize=1)
def shared_end_of_turn() -> SharedEndOfTurn:
    """Load the model once. Raises MissingModelError when it was not fetched."""
    return SharedEndOfTurn(PauseModel())
