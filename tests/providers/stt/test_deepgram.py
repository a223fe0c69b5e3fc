"""Deepgram's Flux, against a server on the loopback interface that their own SDK understands."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

import pytest
import websockets.asyncio.client
from vendors import (
    KEY,
    Flux,
    Leave,
    Raw,
    Say,
    Served,
    push,
    response,
    results,
    serving,
    wants_token,
)

from parley.audio.formats import INBOUND
from parley.errors import (
    ConfigurationError,
    ProviderAuthError,
    ProviderError,
    ProviderProtocolError,
    ProviderRateLimited,
    ProviderRequestError,
    ProviderTimeout,
    ProviderUnavailable,
)
from parley.providers import registry
from parley.providers.protocols import SttOptions, SttResult
from parley.providers.stt.deepgram import DeepgramStt

PATH = "/v2/listen"
WORDS = "my mother's maiden name"

TURN = [
    Say(0.48, "StartOfTurn", "on"),
    Say(0.8, "Update", "on Tues"),
    Say(1.04, "EagerEndOfTurn", "on Tuesday", 0.5),
    Say(1.2, "TurnResumed", "on Tuesday", 0.1),
    Say(1.44, "Update", "on Tuesday morning at nine"),
    Say(2.0, "EndOfTurn", "on Tuesday morning at nine", 0.81, {"trigger": "model"}),
]


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DEEPGRAM_API_KEY", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


def flux(served: Served, **settings: Any) -> DeepgramStt:
    return DeepgramStt(base_url=served.url, api_key=KEY, **settings)


# The server is as the vendor's is


async def spoken_by_the_sdk(served: Served) -> list[Any]:
    """A conversation of their own client with it."""
    from deepgram import AsyncDeepgramClient
    from deepgram.environment import DeepgramClientEnvironment

    place = DeepgramClientEnvironment(base="", production=served.url, agent="", agent_rest="")
    client = AsyncDeepgramClient(api_key=KEY, environment=place)
    told: list[Any] = []
    async with client.listen.v2.connect(
        model="flux-general-en", encoding="linear16", sample_rate="16000", eot_threshold="0.7"
    ) as connection:
        told.append(await connection.recv())
        for _ in range(26):
            await connection.send_media(bytes(INBOUND.bytes_for(0.08)))
        told += [await connection.recv() for _ in TURN]
        await connection.send_force_end_turn()
        told.append(await connection.recv())
        await connection.send_close_stream()
    return told


@pytest.mark.filterwarnings("ignore:.*websockets:DeprecationWarning")
def test_the_vendors_sdk_understands_the_server() -> None:
    pytest.importorskip("deepgram")

    async def main() -> None:
        async with serving(Flux(TURN), path=PATH, handshake=wants_token) as served:
            connected, *turns, warning = await spoken_by_the_sdk(served)
            (engine,) = served.engines
            assert engine.control == [{"type": "ForceEndTurn"}, {"type": "CloseStream"}]
            assert ("eot_threshold", "0.7") in engine.query
        assert connected.type == "Connected"
        assert [turn.event for turn in turns] == [step.event for step in TURN]
        assert (turns[-1].trigger, turns[-1].turn_index) == ("model", 0)
        assert warning.code == "FORCE_END_TURN_NO_ACTIVE_TURN"
        for message in (connected, *turns, warning):  # nothing that they want is missing
            type(message).model_validate(message.model_dump())

    asyncio.run(main())


# Our adapter


def test_a_turn_with_its_partial_texts_and_opinions() -> None:
    async def main() -> None:
        async with serving(Flux(TURN), path=PATH, handshake=wants_token) as served:
            stream = await flux(served).open(SttOptions())
            found = []
            for step, before in zip(TURN, [Say(0.0, ""), *TURN], strict=False):
                push(stream, step.at_s - before.at_s)
                found.append(await anext(stream))
            await stream.aclose()
            await served.closed.wait()
            engine = served.engines[0]
        assert [(r.text, r.final, r.turn_over) for r in found] == [
            ("on", False, None),
            ("on Tues", False, None),
            ("on Tuesday", False, 0.5),
            ("on Tuesday", False, 0.1),
            ("on Tuesday morning at nine", False, None),
            ("on Tuesday morning at nine", True, 0.81),
        ]
        last = found[-1]
        assert last.segment == 0
        assert last.confidence == pytest.approx(0.9)
        assert [word.text for word in last.words] == ["on", "Tuesday", "morning", "at", "nine"]
        assert last.words[0].start == pytest.approx(0.38)  # 0.1 s before the turn was noticed
        assert set(engine.sizes) == {INBOUND.bytes_for(0.08)}
        assert engine.control == [{"type": "CloseStream"}]

    asyncio.run(main())


def test_what_is_asked_of_it() -> None:
    async def main() -> dict[str, list[str]]:
        async with serving(Flux(), path=PATH, handshake=wants_token) as served:
            stt = flux(
                served,
                model="flux-general-multi",
                eot_threshold=0.8,
                eager_eot_threshold=0.4,
                eot_timeout_ms=4000.0,
                keyterm=["Hermione", "Dr. Who"],
                numerals=True,
            )
            await (await stt.open(SttOptions(language="es-MX"))).aclose()
            asked: dict[str, list[str]] = {}
            for name, value in served.engines[0].query:
                asked.setdefault(name, []).append(value)
            return asked

    assert asyncio.run(main()) == {
        "model": ["flux-general-multi"],
        "encoding": ["linear16"],
        "sample_rate": ["16000"],
        "eot_threshold": ["0.8"],
        "eager_eot_threshold": ["0.4"],
        "eot_timeout_ms": ["4000"],
        "numerals": ["true"],
        "keyterm": ["Hermione", "Dr. Who"],
        "language_hint": ["es"],
    }


@pytest.mark.parametrize(
    ("languages", "language", "hints"),
    [
        ((), "multi", []),
        ((), "de-AT", ["de"]),
        (("en-US", "es"), "es", ["en", "es"]),
        ("fr", "en", ["fr"]),
    ],
)
def test_hints_at_the_language(languages: Sequence[str], language: str, hints: list[str]) -> None:
    async def main() -> list[str]:
        async with serving(Flux(), path=PATH, handshake=wants_token) as served:
            stt = flux(served, model="flux-general-multi", languages=languages)
            await (await stt.open(SttOptions(language=language))).aclose()
            return [value for name, value in served.engines[0].query if name == "language_hint"]

    assert asyncio.run(main()) == hints


def test_the_language_that_it_hears_is_told() -> None:
    said = Say(0.2, "EndOfTurn", "sí", 0.9, {"languages": ["es", "en"], "words": []})

    async def main() -> SttResult:
        async with serving(Flux([said]), path=PATH, handshake=wants_token) as served:
            stream = await flux(served).open(SttOptions())
            push(stream, 0.24)
            (result,) = await results(stream)
            await stream.aclose()
            return result

    result = asyncio.run(main())
    assert (result.text, result.language, result.confidence) == ("sí", "es", None)
    assert result.words == ()


@pytest.mark.parametrize("opinion", [0.05, 0.4])
def test_a_turn_that_is_ended_from_here(opinion: float) -> None:
    """What it thinks by then is told, and an opinion is one of a pause once that is heard."""
    script = [Say(0.4, "StartOfTurn", "and so"), Say(1.2, "Update", "and so", opinion)]

    async def main() -> list[SttResult]:
        async with serving(Flux(script), path=PATH, handshake=wants_token) as served:
            stream = await flux(served).open(SttOptions())
            push(stream, 0.4)
            found = [await anext(stream)]
            push(stream, 0.85)  # 10 ms of it are no whole message
            stream.finalize()
            found += await results(stream)
            stream.finalize()  # there is no turn now
            found += await results(stream)
            await stream.aclose()
            assert served.engines[0].heard_s == pytest.approx(1.24, abs=0.011)
            return found

    found = asyncio.run(main())
    assert [(r.segment, r.text, r.final, r.turn_over) for r in found if r.final] == [
        (0, "and so", True, opinion),
        (1, "", True, None),
    ]
    assert found[0].turn_over is None


def test_a_turn_that_silence_has_ended_is_not_judged_to_be_over() -> None:
    said = Say(0.2, "EndOfTurn", "well", 0.3, {"trigger": "timeout"})

    async def main() -> SttResult:
        async with serving(Flux([said]), path=PATH, handshake=wants_token) as served:
            stream = await flux(served).open(SttOptions())
            push(stream, 0.24)
            (result,) = await results(stream)
            await stream.aclose()
            return result

    assert asyncio.run(main()).turn_over == 0.3


@pytest.mark.parametrize(
    ("message", "error", "says"),
    [
        ("{", ProviderProtocolError, "cannot be read"),
        ("[1]", ProviderProtocolError, "cannot be read"),
        ('{"kind": 1}', ProviderProtocolError, "no type"),
        (b"\xff", ProviderProtocolError, "cannot be read"),
        (
            '{"type":"TurnInfo","event":"Update","turn_index":0,"end_of_turn_confidence":0.1,'
            f'"transcript":["{WORDS}"]}}',
            ProviderProtocolError,
            r"Expected `str`, got `array` - at `\$.transcript`",
        ),
        (
            '{"type":"Error","code":"INTERNAL_SERVER_ERROR","description":"Oh"}',
            ProviderUnavailable,
            "INTERNAL_SERVER_ERROR",
        ),
        (
            '{"type":"Error","code":"UNPARSABLE_CLIENT_MESSAGE","description":"Oh"}',
            ProviderRequestError,
            "force_end_turn",
        ),
        (f'{{"type":"Error","code":"{WORDS}"}}', ProviderUnavailable, "it gives up: unknown"),
    ],
)
def test_what_it_cannot_have_meant(
    message: str | bytes, error: type[ProviderError], says: str
) -> None:
    async def main() -> None:
        async with serving(Flux([Raw(0.1, message)]), path=PATH, handshake=wants_token) as served:
            stream = await flux(served).open(SttOptions())
            push(stream, 0.16)
            with pytest.raises(error, match=says) as raised:
                await results(stream)
            assert WORDS not in str(raised.value)
            with pytest.raises(error):
                push(stream, 0.16)
            stream.finalize()
            await stream.aclose()

    asyncio.run(main())


def test_what_it_says_besides_is_passed_over(caplog: pytest.LogCaptureFixture) -> None:
    script = [
        Raw(0.1, '{"type":"ConfigureSuccess"}'),
        Raw(0.1, '{"type":"Warning","code":"SLOW_DOWN","description":"Please."}'),
        Say(0.2, "SomethingNew", "one"),
        Say(0.3, "EndOfTurn", "one two", 0.9),
    ]

    async def main() -> list[SttResult]:
        async with serving(Flux(script), path=PATH, handshake=wants_token) as served:
            stream = await flux(served).open(SttOptions())
            push(stream, 0.32)
            found = await results(stream)
            await stream.aclose()
            return found

    assert asyncio.run(main())[-1].text == "one two"
    assert "deepgram warns: SLOW_DOWN" in caplog.text


@pytest.mark.parametrize("leave", [Leave(0.9), Leave(0.9, 1011)])
def test_a_connection_that_breaks_in_the_middle_of_a_turn(leave: Leave) -> None:
    async def main() -> list[SttResult]:
        script = [*TURN[:2], leave]
        async with serving(Flux(script), path=PATH, handshake=wants_token) as served:
            stream = await flux(served).open(SttOptions())
            push(stream, 1.0)
            found: list[SttResult] = []
            with pytest.raises(ProviderUnavailable, match="closed the connection"):
                await results(stream, finals=9, found=found)
            await stream.aclose()
            return found

    assert [result.text for result in asyncio.run(main())][-1:] == ["on Tues"]


# Keys and refusals


@pytest.mark.parametrize(
    ("status", "body", "error", "says"),
    [
        (401, {"err_code": "INVALID_AUTH"}, ProviderAuthError, "401, INVALID_AUTH.*MY_KEY"),
        (403, {"err_code": "two words"}, ProviderAuthError, r"\(HTTP status 403\).*MY_KEY"),
        (402, None, ProviderRateLimited, "no credit"),
        (429, None, ProviderRateLimited, "too many"),
        (400, [], ProviderRequestError, "refuses the request"),
        (408, None, ProviderError, "gave up waiting"),
        (503, "<html>", ProviderUnavailable, "out of order"),
        (302, None, ProviderRequestError, "302"),
    ],
)
def test_a_refusal_says_what_to_do(
    status: int,
    body: object,
    error: type[ProviderError],
    says: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MY_KEY", "wrong-key")

    async def main() -> None:
        refusal = response(status, body, Location="ws://127.0.0.1:9/elsewhere")
        async with serving(path=PATH, handshake=lambda _: refusal) as served:
            stt = DeepgramStt(base_url=served.url, api_key_env="MY_KEY")
            for use in (stt.warm(), stt.open(SttOptions())):
                with pytest.raises(error, match=says) as raised:
                    await use
                assert "wrong-key" not in str(raised.value)
                assert raised.value.__cause__ is None
            assert len(served.asked) == 2

    asyncio.run(main())


def test_a_server_that_wants_a_key_where_none_is_named() -> None:
    async def main() -> None:
        async with serving(path=PATH, handshake=wants_token) as served:
            with pytest.raises(ProviderAuthError, match=r"has none.*api_key_env"):
                await DeepgramStt(base_url=served.url).open(SttOptions())
            assert "Authorization" not in served.asked[0].headers

    asyncio.run(main())


def test_nobody_is_there() -> None:
    async def main() -> None:
        with pytest.raises(ProviderUnavailable, match=r"no connection to ws://127.0.0.1:9/v2"):
            await DeepgramStt(base_url="http://127.0.0.1:9", api_key=KEY).open(SttOptions())

    asyncio.run(main())


@pytest.mark.parametrize(
    ("scheme", "patience_s", "error", "says"),
    [
        ("ws", 0.2, ProviderTimeout, "in time"),
        ("wss", 20.0, ProviderUnavailable, "no connection to wss:"),
    ],
)
def test_somebody_else_is_there(
    scheme: str, patience_s: float, error: type[ProviderError], says: str
) -> None:
    """One who takes the connection and says nothing, or does not speak TLS."""

    async def main() -> None:
        gone = asyncio.Event()

        async def dumb(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(1)
            if scheme == "ws":
                await gone.wait()
            writer.close()

        server = await asyncio.start_server(dumb, "127.0.0.1", 0)
        url = f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        stt = DeepgramStt(base_url=url, api_key=KEY, connect_timeout_s=patience_s)
        with pytest.raises(error, match=says):
            await stt.open(SttOptions())
        gone.set()
        server.close()
        await server.wait_closed()

    asyncio.run(main())


def test_a_proxy_that_cannot_be_used_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    async def connect_socks_proxy(*_: object, **__: object) -> None:
        raise ImportError  # as where python-socks is missing

    monkeypatch.setattr(websockets.asyncio.client, "connect_socks_proxy", connect_socks_proxy)
    monkeypatch.setenv("ws_proxy", "socks5://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    stt = DeepgramStt(base_url="ws://stt.example.com", api_key=KEY)
    with pytest.raises(ProviderUnavailable, match="Install python-socks"):
        asyncio.run(stt.open(SttOptions()))


def test_warming_up_asks_once() -> None:
    async def main() -> None:
        async with serving(Flux(), Flux(), path=PATH, handshake=wants_token) as served:
            stt = flux(served)
            await stt.warm()
            await stt.warm()
            assert served.connected == 1
            await stt.aclose()

    asyncio.run(main())


def test_neither_the_key_nor_the_words_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    async def main() -> None:
        said = Say(0.1, "EndOfTurn", WORDS, 0.9)
        async with serving(Flux([said]), path=PATH, handshake=wants_token) as served:
            stt = flux(served)
            stream = await stt.open(SttOptions())
            push(stream, 0.16)
            assert (await results(stream))[0].text == WORDS
            await stream.aclose()
            assert KEY not in f"{stt!r} {stt._vendor.access!r}"

    asyncio.run(main())
    ours = [r.getMessage() for r in caplog.records if not r.name.startswith("websockets.server")]
    assert not any(secret in line for line in ours for secret in (KEY, WORDS, "Tuesday"))


def test_the_key_is_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigurationError, match=r"no API key for Deepgram.*DEEPGRAM_API_KEY"):
        DeepgramStt()
    monkeypatch.setenv("DEEPGRAM_API_KEY", KEY)
    assert repr(DeepgramStt()) == (
        "DeepgramStt(model='flux-general-en', url='wss://api.deepgram.com/v2/listen')"
    )
    elsewhere = DeepgramStt(base_url="ws://localhost:8080/proxy/")
    assert elsewhere._vendor.access.headers == {}  # it is not for somebody else
    assert elsewhere._vendor.access.url == "ws://localhost:8080/proxy"
    with pytest.raises(ConfigurationError, match="MY_KEY"):
        DeepgramStt(base_url="ws://localhost:8080", api_key_env="MY_KEY")


# Settings


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"model": "nova-3"}, "flux-general-en or flux-general-multi"),
        ({"eot_threshold": 0.4}, "eot_threshold is no number from 0.5 to 1"),
        ({"eot_threshold": "high"}, "from 0.5 to 1"),
        ({"eager_eot_threshold": 0.95}, "from 0.3 to 0.9"),
        ({"eager_eot_threshold": 0.8}, "Give 0.7 or less"),
        ({"eot_timeout_ms": 100}, "from 500 to 60000"),
        ({"base_url": "localhost:80"}, "ws(s)://HOST"),
        ({"base_url": "wss://key@host"}, "belongs into api_key_env"),
        ({"base_url": "wss://host:port"}, "ws(s)://HOST"),
        ({"base_url": "wss://host:99999"}, "ws(s)://HOST"),
        ({"base_url": "wss://[::1"}, "ws(s)://HOST"),
        ({"base_url": "wss://host/#part"}, "ws(s)://HOST"),
        ({"api_key": "schlüssel"}, "no HTTP header"),
        ({"keyterm": 3}, "keyterm is no list of texts"),
        ({"languages": ["en", 3]}, "languages is no list of texts"),
        ({"smart_format": True}, "has no setting 'smart_format'"),
        ({"eot_treshold": 0.7}, "Did you mean 'eot_threshold'"),
    ],
)
def test_a_setting_that_cannot_be_is_refused(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        registry.create("stt", "deepgram", {"api_key": KEY, **settings})
    assert says in str(raised.value)


@pytest.mark.parametrize(
    ("model", "language"),
    [("flux-general-en", "de"), ("flux-general-en", "multi"), ("flux-general-multi", "fi")],
)
def test_a_language_that_it_does_not_understand(model: str, language: str) -> None:
    with pytest.raises(ProviderRequestError, match="flux-general-multi knows de, en"):
        asyncio.run(DeepgramStt(model, api_key=KEY).open(SttOptions(language=language)))


def test_what_it_can_do() -> None:
    can = DeepgramStt(api_key=KEY, eot_threshold=0.9, eager_eot_threshold=0.8).capabilities
    assert (can.partials, can.word_times, can.finalizes, can.needs_voice) == (
        True,
        True,
        True,
        False,
    )
    assert not DeepgramStt(api_key=KEY, force_end_turn=False).capabilities.finalizes
