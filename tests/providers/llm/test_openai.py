"""OpenAiModel against a real HTTP server on the loopback interface that misbehaves at will."""

import asyncio
import json
import logging
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from parley.errors import (
    ConfigurationError,
    MissingExtraError,
    ProviderAuthError,
    ProviderError,
    ProviderProtocolError,
    ProviderRateLimited,
    ProviderRequestError,
    ProviderTimeout,
    ProviderUnavailable,
)
from parley.providers.llm.openai import OpenAiModel
from parley.providers.protocols import LlmPart, LlmRequest, LlmText, LlmUsage, Message, ToolCall
from parley.runtime.vtime import run_virtual

pytest.importorskip("openai")

KEY = "sk-very-secret"
WORDS = "my mother's maiden name"
ASK = LlmRequest([Message("user", WORDS)])
END = {"choices": [{"delta": {}, "finish_reason": "stop"}]}
USAGE = {"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 2}}


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


class Exchange:
    """One request, and the means to answer it."""

    def __init__(
        self, target: str, headers: dict[str, str], body: bytes, streams: "Streams"
    ) -> None:
        self.target = target
        self.headers = headers
        self.body: Any = json.loads(body) if body else None
        self._reader, self._writer = streams

    async def send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def reply(self, status: int, body: object = None, **headers: str) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        lines = [f"HTTP/1.1 {status} X", f"content-length: {len(data)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        await self.send("\r\n".join([*lines, "", ""]).encode() + data)

    async def start(self) -> None:
        """Begin a chunked event stream."""
        head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
        await self.send(f"{head}transfer-encoding: chunked\r\n\r\n".encode())

    async def chunk(self, data: bytes) -> None:
        await self.send(b"%x\r\n%b\r\n" % (len(data), data))

    async def event(self, payload: object) -> None:
        await self.chunk(b"data: %b\n\n" % json.dumps(payload).encode())

    async def text(self, text: str) -> None:
        await self.event({"choices": [{"delta": {"content": text}}]})

    async def done(self) -> None:
        await self.chunk(b"data: [DONE]\n\n")
        await self.send(b"0\r\n\r\n")

    async def gone(self) -> None:
        """Wait until the client has closed the connection."""
        with suppress(ConnectionError):
            assert await self._reader.read() == b""

    async def abort(self) -> None:
        self._writer.close()


Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Handler = Callable[[Exchange], Awaitable[None]]


class Server:
    """Answers requests with its handlers, in order; checks that all of them were asked."""

    def __init__(self, *handlers: Handler) -> None:
        self.connections = 0
        self.requests: list[Exchange] = []
        self.failures: list[BaseException] = []
        self.url = ""
        self._handlers = list(handlers)
        self._tasks: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Server"]:
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        try:
            yield self
        finally:
            server.close()
            await asyncio.gather(*self._tasks)
            await server.wait_closed()
        assert self.failures == []
        assert self._handlers == [], "requests that never came"

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while exchange := await self._request(reader, writer):
                self.requests.append(exchange)
                await self._handlers.pop(0)(exchange)
        except ConnectionError:
            pass  # the client may leave at any time
        except Exception as error:
            self.failures.append(error)
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _request(self, *streams: Any) -> Exchange | None:
        reader: asyncio.StreamReader = streams[0]
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
        except (asyncio.IncompleteReadError, ConnectionError):
            return None
        first, *lines = head.strip().split("\r\n")
        headers = {k.lower(): v for k, v in (line.split(": ", 1) for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        return Exchange(first.rsplit(" ", 1)[0], headers, body, (streams[0], streams[1]))


Scenario = Callable[[OpenAiModel, Server], Coroutine[Any, Any, None]]


def play(
    scenario: Scenario, *handlers: Handler, runner: Any = asyncio.run, **settings: Any
) -> Server:
    """Run `scenario` with a model that talks to a server with these handlers."""
    server = Server(*handlers)

    async def main() -> None:
        async with server.running():
            model = OpenAiModel("m", **{"base_url": server.url, "api_key": KEY} | settings)
            try:
                await asyncio.wait_for(scenario(model, server), 5)
            finally:
                await model.aclose()

    runner(main())
    return server


async def collect(model: OpenAiModel) -> list[LlmPart]:
    return [part async for part in model.stream(ASK)]


def ask(*handlers: Handler, **settings: Any) -> list[LlmPart]:
    """The parts of one answer."""
    parts: list[LlmPart] = []

    async def scenario(model: OpenAiModel, _: Server) -> None:
        parts.extend(await collect(model))

    play(scenario, *handlers, **settings)
    return parts


def failure(*handlers: Handler, **settings: Any) -> ProviderError:
    """What one answer fails with."""
    with pytest.raises(ProviderError) as caught:
        ask(*handlers, **settings)
    return caught.value


async def hello(x: Exchange) -> None:
    await x.start()
    await x.text("Hello ")
    await x.text("there.")
    await x.event(END)
    await x.event(USAGE)
    await x.done()


def status(code: int, body: object = None, **headers: str) -> Handler:
    async def handler(x: Exchange) -> None:
        await x.reply(code, body, **headers)

    return handler


# Answers


def test_an_answer_and_what_was_asked() -> None:
    async def scenario(model: OpenAiModel, _: Server) -> None:
        assert await collect(model) == [LlmText("Hello "), LlmText("there."), LlmUsage(5, 2)]

    (request,) = play(scenario, hello).requests
    assert request.target == "POST /v1/chat/completions"
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.body == {
        "model": "m",
        "messages": [{"role": "user", "content": WORDS}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_each_piece_is_handed_on_before_the_next_is_sent() -> None:
    heard = asyncio.Queue[LlmPart]()

    async def slow(x: Exchange) -> None:
        await x.start()
        for word in ("One", "Two", "Three"):
            await x.text(word)
            assert await heard.get() == LlmText(word)
        await x.event(END)
        await x.done()

    async def scenario(model: OpenAiModel, _: Server) -> None:
        async for part in model.stream(ASK):
            heard.put_nowait(part)

    play(scenario, slow)


def test_a_tool_call() -> None:
    async def handler(x: Exchange) -> None:
        await x.start()
        call = {"index": 0, "id": "c", "function": {"name": "book", "arguments": "{}"}}
        await x.event({"choices": [{"delta": {"tool_calls": [call]}, "finish_reason": "stop"}]})
        await x.done()

    assert ask(handler) == [ToolCall("c", "book", "{}")]


def test_answers_share_one_connection_with_warm() -> None:
    async def scenario(model: OpenAiModel, _: Server) -> None:
        await model.warm()
        await model.warm()
        for _turn in range(3):
            await collect(model)

    server = play(scenario, status(200, {"data": []}), status(200, {}), hello, hello, hello)
    assert server.connections == 1
    assert server.requests[0].target == "GET /v1/models"


def test_many_answers_at_the_same_time() -> None:
    async def scenario(model: OpenAiModel, _: Server) -> None:
        answers = await asyncio.gather(*(collect(model) for _ in range(8)))
        assert all(a[0] == LlmText("Hello ") for a in answers)

    play(scenario, *[hello] * 8)


def test_an_answer_cut_at_its_limit_is_handed_out_and_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def handler(x: Exchange) -> None:
        await x.start()
        await x.event({"choices": [{"delta": {"content": "And"}, "finish_reason": "length"}]})
        await x.done()

    with caplog.at_level(logging.WARNING):
        assert ask(handler) == [LlmText("And")]
    assert caplog.messages == ["openai: the answer was cut at its token limit"]


def test_a_body_that_does_not_end_after_the_answer_is_not_waited_for() -> None:
    async def handler(x: Exchange) -> None:
        await x.start()
        await x.event(END)
        await x.chunk(b"data: [DONE]\n\n")
        await x.gone()

    assert ask(handler) == []


def test_a_connection_that_breaks_after_the_answer_does_no_harm() -> None:
    async def handler(x: Exchange) -> None:
        await x.start()
        await x.text("Hi")
        await x.chunk(b"data: [DONE]\n\n")
        await x.abort()

    assert ask(handler) == [LlmText("Hi")]


def test_after_aclose_the_model_connects_again() -> None:
    async def scenario(model: OpenAiModel, _: Server) -> None:
        await model.aclose()
        await collect(model)
        await model.aclose()
        await model.aclose()
        await collect(model)

    assert play(scenario, hello, hello).connections == 2


def test_virtual_time_stands_still_while_the_server_works() -> None:
    async def scenario(model: OpenAiModel, _: Server) -> None:
        loop = asyncio.get_running_loop()
        await model.warm()
        async for _part in model.stream(ASK):
            assert vars(loop)["owed"] == 0  # the consumer's own time goes on
        assert loop.time() == 0
        assert vars(loop)["owed"] == 0

    async def unhurried(x: Exchange) -> None:
        assert vars(asyncio.get_running_loop())["owed"] > 0
        await hello(x)

    play(scenario, status(200, {}), unhurried, runner=run_virtual)


# Stopping


def test_closing_the_iterator_closes_the_http_stream_at_once() -> None:
    gone = asyncio.Event()

    async def endless(x: Exchange) -> None:
        await x.start()
        await x.text("Once upon a time")
        await x.gone()
        gone.set()

    async def scenario(model: OpenAiModel, _: Server) -> None:
        answer = model.stream(ASK)
        assert await anext(answer) == LlmText("Once upon a time")
        await answer.aclose()  # type: ignore[attr-defined]
        await gone.wait()

    play(scenario, endless)


@pytest.mark.parametrize("begun", [False, True])
def test_cancelling_while_waiting_closes_the_http_stream(begun: bool) -> None:
    asked, gone = asyncio.Event(), asyncio.Event()

    async def silent(x: Exchange) -> None:
        if begun:
            await x.start()
        asked.set()
        await x.gone()
        gone.set()

    async def scenario(model: OpenAiModel, _: Server) -> None:
        waiting = asyncio.create_task(collect(model))
        await asked.wait()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await gone.wait()

    play(scenario, silent)


def test_a_garbled_answer_is_left_at_once() -> None:
    gone = asyncio.Event()

    async def handler(x: Exchange) -> None:
        await garble_an_event(x)
        gone.set()

    async def scenario(model: OpenAiModel, _: Server) -> None:
        # The error is still held, and with it all that the frames in its traceback hold.
        with pytest.raises(ProviderProtocolError) as caught:
            await collect(model)
        await gone.wait()
        assert caught.value.provider == "openai"

    play(scenario, handler)


# Failures


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (307, ProviderRequestError),
        (400, ProviderRequestError),
        (401, ProviderAuthError),
        (403, ProviderAuthError),
        (404, ProviderRequestError),
        (422, ProviderRequestError),
        (429, ProviderRateLimited),
        (500, ProviderUnavailable),
        (503, ProviderUnavailable),
    ],
)
def test_statuses_are_errors_without_a_second_try(code: int, kind: type[ProviderError]) -> None:
    error = failure(status(code, {"error": {"message": "no"}}, location="http://127.0.0.1:1/"))
    assert type(error) is kind
    assert f"HTTP status {code}" in str(error)


def test_the_error_names_the_servers_terms_but_neither_key_nor_words(
    caplog: pytest.LogCaptureFixture,
) -> None:
    error = {
        "message": f"Wrong key {KEY} for {WORDS}",
        "type": "invalid_request_error",
        "code": f"{KEY}",
        "param": f"messages[0].content is {WORDS}",
    }
    with caplog.at_level(logging.DEBUG):
        caught = failure(status(401, {"error": error}))
    assert str(caught) == (
        "openai: the key is not accepted (HTTP status 401 invalid_request_error). "
        "Check the key and its rights."
    )
    assert caught.__cause__ is None
    assert caught.__suppress_context__
    written = caplog.text + repr(OpenAiModel("m", base_url="http://h/v1", api_key=KEY))
    assert KEY not in written
    assert WORDS not in written


def test_a_term_that_holds_the_key_is_not_repeated() -> None:
    error = failure(status(401, {"error": {"code": "bad_hunter2"}}), api_key="hunter2")
    assert "hunter2" not in str(error)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry_after": "7"}, 7.0),
        ({"retry_after": "1.5"}, 1.5),
        ({"retry_after_ms": "250", "retry_after": "1"}, 0.25),
        ({"retry_after_ms": "soon", "retry_after": "1"}, 1.0),
        ({"retry_after": "-3"}, 0.0),
        ({"retry_after": "inf"}, None),
        ({"retry_after": "soon"}, None),
        ({"retry_after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
        ({"retry_after": "Wed, 21 Oct 2015 07:28:00 -0000"}, None),
    ],
)
def test_how_long_to_wait_after_too_many_requests(
    headers: Mapping[str, str], seconds: float | None
) -> None:
    error = failure(status(429, {}, **headers))
    assert isinstance(error, ProviderRateLimited)
    assert error.retry_after == seconds


def test_a_date_to_wait_for() -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    error = failure(status(429, {}, retry_after=later))
    assert isinstance(error, ProviderRateLimited)
    assert error.retry_after == pytest.approx(60, abs=6)


@pytest.fixture
def no_server() -> Iterator[str]:
    """The URL of a port that is taken but refuses connections."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}/v1"


def test_no_server_is_unavailable(no_server: str) -> None:
    error = failure(base_url=no_server)
    assert type(error) is ProviderUnavailable
    assert no_server in str(error)


async def hang_up(x: Exchange) -> None:
    await x.abort()


async def break_off(x: Exchange) -> None:
    await x.start()
    await x.text("And then")
    await x.abort()


async def end_early(x: Exchange) -> None:
    await x.start()
    await x.text("And then")
    await x.send(b"0\r\n\r\n")


async def speak_in_tongues(x: Exchange) -> None:
    await x.send(b"220 smtp.example.com ESMTP\r\n\r\n")
    await x.abort()


async def send_a_page(x: Exchange) -> None:
    await x.reply(200, b"<html>It works!</html>", content_type="text/html")


async def garble_an_event(x: Exchange) -> None:
    await x.start()
    await x.chunk(b"data: {broken\n\n")
    await x.gone()


async def garble_the_encoding(x: Exchange) -> None:
    await x.reply(200, b"not gzip", content_encoding="gzip")


@pytest.mark.parametrize(
    ("handler", "kind"),
    [
        (hang_up, ProviderUnavailable),
        (break_off, ProviderUnavailable),
        (end_early, ProviderUnavailable),
        (speak_in_tongues, ProviderUnavailable),
        (send_a_page, ProviderProtocolError),
        (garble_an_event, ProviderProtocolError),
        (garble_the_encoding, ProviderProtocolError),
    ],
)
def test_broken_answers(handler: Handler, kind: type[ProviderError]) -> None:
    assert type(failure(handler)) is kind


async def say_nothing(x: Exchange) -> None:
    await x.gone()


async def stall_in_the_middle(x: Exchange) -> None:
    await x.start()
    await x.text("And then")
    await x.gone()


async def stall_in_the_error(x: Exchange) -> None:
    await x.send(b"HTTP/1.1 500 X\r\ncontent-length: 10\r\n\r\n")
    await x.gone()


@pytest.mark.parametrize("handler", [say_nothing, stall_in_the_middle, stall_in_the_error])
def test_a_stall_is_a_timeout(handler: Handler) -> None:
    assert type(failure(handler, read_timeout_s=0.05)) is ProviderTimeout


def test_the_model_works_on_after_a_failure() -> None:
    async def scenario(model: OpenAiModel, _: Server) -> None:
        with pytest.raises(ProviderUnavailable):
            await collect(model)
        assert LlmText("there.") in await collect(model)

    play(scenario, break_off, hello)


# Warming


@pytest.mark.parametrize("code", [403, 404, 405, 501])
def test_a_server_without_a_list_of_models_is_warm_all_the_same(code: int) -> None:
    async def scenario(model: OpenAiModel, _: Server) -> None:
        await model.warm()

    play(scenario, status(code))


@pytest.mark.parametrize(("code", "kind"), [(401, ProviderAuthError), (500, ProviderUnavailable)])
def test_other_failures_of_warming_are_told(code: int, kind: type[ProviderError]) -> None:
    async def scenario(model: OpenAiModel, _: Server) -> None:
        with pytest.raises(kind):
            await model.warm()

    play(scenario, status(code))


def test_warming_without_a_server_fails(no_server: str) -> None:
    async def scenario(model: OpenAiModel, _: Server) -> None:
        with pytest.raises(ProviderUnavailable):
            await model.warm()

    play(scenario, base_url=no_server)


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openai", None)

    async def scenario(model: OpenAiModel, _: Server) -> None:
        with pytest.raises(MissingExtraError, match=r"pip install 'parley\[openai\]'"):
            await model.warm()

    play(scenario)


# Usage


async def mistral(x: Exchange) -> None:
    body = {"detail": [{"type": "extra_forbidden", "loc": ["body", "stream_options"]}]}
    await x.reply(422, body)


def test_a_server_that_cannot_count_is_asked_only_once() -> None:
    async def scenario(model: OpenAiModel, _: Server) -> None:
        await collect(model)
        await collect(model)

    server = play(scenario, mistral, hello, hello)
    assert ["stream_options" in r.body for r in server.requests] == [True, False, False]


def test_requests_under_way_when_the_server_is_found_out_are_repeated_too() -> None:
    both = asyncio.Barrier(2)

    async def together(x: Exchange) -> None:
        await both.wait()
        await mistral(x)

    async def scenario(model: OpenAiModel, _: Server) -> None:
        await asyncio.gather(collect(model), collect(model))

    play(scenario, together, together, hello, hello)


def test_a_server_that_must_count_is_not_asked_twice() -> None:
    assert type(failure(mistral, include_usage=True)) is ProviderRequestError


def test_a_server_that_is_not_to_count() -> None:
    async def scenario(model: OpenAiModel, _: Server) -> None:
        await collect(model)

    (request,) = play(scenario, hello, include_usage=False).requests
    assert "stream_options" not in request.body


# Settings


def test_extra_fields_go_into_the_body() -> None:
    async def scenario(model: OpenAiModel, _: Server) -> None:
        request = LlmRequest(ASK.messages, temperature=0.5, max_tokens=9)
        assert [part async for part in model.stream(request)]

    (request,) = play(scenario, hello, extra_body={"seed": 1, "temperature": 0}).requests
    assert request.body["seed"] == 1
    assert request.body["temperature"] == 0
    assert request.body["max_tokens"] == 9


def test_the_name_of_the_token_limit_can_be_set() -> None:
    async def scenario(model: OpenAiModel, _: Server) -> None:
        request = LlmRequest(ASK.messages, max_tokens=9)
        assert [part async for part in model.stream(request)]

    (request,) = play(scenario, hello, max_tokens_field="max_completion_tokens").requests
    assert request.body["max_completion_tokens"] == 9


def sent_key(**settings: Any) -> str | None:
    """The authorization header of a request."""

    async def scenario(model: OpenAiModel, _: Server) -> None:
        await collect(model)

    return play(scenario, hello, **settings).requests[0].headers.get("authorization")


def test_a_server_of_ones_own_gets_no_key_unless_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "for-openai-only")
    monkeypatch.setenv("GROQ_API_KEY", " for-groq\n")
    assert sent_key(api_key=None) is None
    assert sent_key(api_key="") is None
    assert sent_key(api_key=None, api_key_env="GROQ_API_KEY") == "Bearer for-groq"


def test_a_server_that_wants_a_key_and_has_none() -> None:
    error = failure(status(401, {}), api_key=None)
    assert type(error) is ProviderAuthError
    assert error.remedy == "Name the environment variable that holds the key: api_key_env."


def test_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "for-openai")
    assert OpenAiModel("m").base_url == "https://api.openai.com/v1"
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    assert OpenAiModel("m").base_url == "http://127.0.0.1:9/v1"
    assert OpenAiModel("m", base_url="http://h/v1/chat/completions/").base_url == "http://h/v1"
    assert OpenAiModel("m", base_url="https://api.openai.com/v1/")


def test_openai_without_a_key_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="Set the environment variable OPENAI_API_KEY"):
        OpenAiModel("m")


def test_a_named_variable_must_be_set() -> None:
    with pytest.raises(ConfigurationError, match="Set the environment variable NO_SUCH_KEY"):
        OpenAiModel("m", base_url="http://h/v1", api_key_env="NO_SUCH_KEY")


def test_a_key_that_no_header_can_hold_is_refused_and_not_repeated() -> None:
    with pytest.raises(ConfigurationError, match="Check api_key") as caught:
        OpenAiModel("m", api_key="sécret")
    assert "sécret" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["localhost:8000", "ftp://h/v1", "http:///v1", "http://u:pw@h/v1", "http://h/v1?k=pw"]
)
def test_a_base_url_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="base URL") as caught:
        OpenAiModel("m", base_url=url)
    assert "pw" not in str(caught.value)
