"""AssemblyAI's streaming models, against a server on loopback that their own SDK understands."""

import asyncio
import json
import logging
from typing import Any

import pytest
from vendors import KEY, Leave, Raw, Say, Served, Universal, push, response, results, serving

from parley.audio.formats import INBOUND
from parley.errors import (
    ConfigurationError,
    ProviderAuthError,
    ProviderError,
    ProviderProtocolError,
    ProviderRateLimited,
    ProviderRequestError,
    ProviderUnavailable,
)
from parley.providers import registry
from parley.providers.protocols import SttOptions, SttResult, TimedWord
from parley.providers.stt.assemblyai import ENGLISH, MULTILINGUAL, AssemblyAiStt
from parley.providers.stt.hosted_turns import ENDED

PATH = "/v3/ws"
WORDS = "my mother's maiden name"

UNCERTAIN = [
    {"text": "my", "start": 100, "end": 300, "confidence": 0.9, "word_is_final": True},
    {"text": "na", "start": 320, "end": 400, "confidence": 0.5, "word_is_final": False},
]

TURN = [
    Say(0.4, "", "my", 0.00002, {"words": UNCERTAIN}),
    Say(0.6, "", "my name", 0.01),
    Say(0.8, "", "my name is", 0.1, {"utterance": "my name is"}),
    Say(1.2, "", "my name is Sonny", 0.02),
    Say(1.8, "end_of_turn", "my name is Sonny", 0.63),
]


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ASSEMBLYAI_API_KEY", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


def assembly(served: Served, **settings: Any) -> AssemblyAiStt:
    return AssemblyAiStt(base_url=served.url, api_key=KEY, **settings)


def heard(engine: Universal, **settings: Any) -> list[SttResult]:
    """What is told in a session of each thing that the engine says."""
    script = list(engine.script)

    async def main() -> list[SttResult]:
        async with serving(engine, path=PATH) as served:
            stream = await assembly(served, **settings).open(SttOptions())
            found: list[SttResult] = []
            for step, before in zip(script, [Say(0.0, ""), *script], strict=False):
                push(stream, step.at_s - before.at_s)
                if isinstance(step, Say):
                    found.append(await anext(stream))
            await stream.aclose()
            await served.closed.wait()
            return found

    return asyncio.run(main())


# The server is as the vendor's is


def test_the_vendors_sdk_understands_the_server() -> None:
    pytest.importorskip("assemblyai")

    async def main() -> None:
        from assemblyai.streaming.v3 import (
            AsyncRealTimeTranscriber,
            RealTimeEvents,
            RealTimeParameters,
            RealTimeTranscriberOptions,
            SpeechModel,
        )

        script = [*TURN, Say(2.0, "", "I think", 0.1)]
        async with serving(Universal(script), path=PATH) as served:
            options = RealTimeTranscriberOptions(api_key=KEY, api_host=served.url)
            client = AsyncRealTimeTranscriber(options)
            told: asyncio.Queue[Any] = asyncio.Queue()
            for kind in RealTimeEvents:
                client.on(kind, lambda _, event: told.put_nowait(event))
            model = SpeechModel.universal_streaming_english
            await client.connect(RealTimeParameters(sample_rate=16_000, speech_model=model))
            begun = await told.get()
            assert (begun.type, begun.configuration.model) == ("Begin", ENGLISH)
            await client.stream([bytes(INBOUND.bytes_for(0.1))] * 20)
            turns = [await told.get() for _ in script]
            await client.force_endpoint()
            turns.append(await told.get())
            await client.disconnect(terminate=True)
            assert (await told.get()).type == "Termination"
            (engine,) = served.engines
            assert engine.control == [{"type": "ForceEndpoint"}, {"type": "Terminate"}]
        assert [(turn.turn_order, turn.end_of_turn) for turn in turns] == [
            *[(0, False)] * 4, (0, True), (1, False), (1, True),
        ]  # fmt: skip
        assert [word.text for word in turns[0].words] == ["my", "na"]

    asyncio.run(main())


def test_the_vendors_sdk_is_refused_as_we_are() -> None:
    pytest.importorskip("assemblyai")

    async def main() -> Any:
        from assemblyai.streaming.v3 import (
            AsyncRealTimeTranscriber,
            RealTimeEvents,
            RealTimeParameters,
            RealTimeTranscriberOptions,
        )

        async with serving(Universal(), path=PATH) as served:
            options = RealTimeTranscriberOptions(api_key="wrong", api_host=served.url)
            client = AsyncRealTimeTranscriber(options)
            refused = asyncio.get_running_loop().create_future()
            client.on(RealTimeEvents.Error, lambda _, error: refused.set_result(error))
            await client.connect(RealTimeParameters(sample_rate=16_000))
            error = await refused
            await client.disconnect()
            return error

    assert asyncio.run(main()).code == 1008


# Our adapter


def test_a_turn_with_its_partial_texts_and_opinions() -> None:
    """An opinion counts where it is about a pause: at the end of an utterance or of the turn."""
    engine = Universal(TURN)
    found = heard(engine)
    assert [(r.text, r.final, r.turn_over) for r in found] == [
        ("my na", False, None),
        ("my name", False, None),
        ("my name is", False, 0.1),
        ("my name is Sonny", False, None),
        ("my name is Sonny", True, ENDED),
    ]
    last = found[-1]
    assert last.words[0] == TimedWord("my", 0.3, 0.5)
    assert last.confidence == pytest.approx(0.9)
    assert set(engine.sizes) == {INBOUND.bytes_for(0.05)}
    assert engine.control == [{"type": "Terminate"}]


@pytest.mark.parametrize(("threshold", "over"), [(None, ENDED), (0.8, 0.5), (0.5, ENDED)])
def test_a_silence_that_ends_a_turn_is_no_judgement(threshold: float | None, over: float) -> None:
    said = Say(0.2, "end_of_turn", "well", 0.5)
    (final,) = heard(Universal([said]), end_of_turn_confidence_threshold=threshold)
    assert final.turn_over == over


def test_what_is_asked_of_it() -> None:
    settings = {
        "end_of_turn_confidence_threshold": 0.7,
        "min_end_of_turn_silence_when_confident": 160.0,
        "max_turn_silence": 400.0,
        "vad_threshold": 0.5,
        "format_turns": True,
        "keyterms_prompt": ["Sonny", "São Paulo"],
        "language_codes": ["en"],
    }

    async def main() -> dict[str, str]:
        async with serving(Universal(), path=PATH) as served:
            stt = registry.create(
                "stt",
                "assembly-ai",
                {**settings, "realtime_url": served.url + PATH, "api_key": KEY},
            )
            await (await stt.open(SttOptions())).aclose()
            assert served.asked[0].headers["AssemblyAI-Version"] == "2025-05-12"
            return dict(served.engines[0].query)

    assert asyncio.run(main()) == {
        "sample_rate": "16000",
        "encoding": "pcm_s16le",
        "speech_model": ENGLISH,
        "end_of_turn_confidence_threshold": "0.7",
        "min_turn_silence": "160",
        "max_turn_silence": "400",
        "vad_threshold": "0.5",
        "format_turns": "true",
        "keyterms_prompt": json.dumps(["Sonny", "São Paulo"]),
        "language_codes": '["en"]',
    }


@pytest.mark.parametrize(
    ("given", "language", "model"),
    [
        (None, "en-GB", ENGLISH),
        (None, "multi", MULTILINGUAL),
        (None, "fr", MULTILINGUAL),
        ("universal-3-5-pro", "vi", "universal-3-5-pro"),
    ],
)
def test_the_model_suits_the_language(given: str | None, language: str, model: str) -> None:
    async def main() -> str:
        async with serving(Universal(), path=PATH) as served:
            stt = assembly(served, speech_model=given)
            await (await stt.open(SttOptions(language=language))).aclose()
            return dict(served.engines[0].query)["speech_model"]

    assert asyncio.run(main()) == model


def test_the_newer_name_of_a_setting_counts() -> None:
    silences = {"min_turn_silence": 200, "min_end_of_turn_silence_when_confident": 160}
    assert AssemblyAiStt(api_key=KEY, **silences)._query == {"min_turn_silence": "200"}


@pytest.mark.parametrize(
    ("given", "language", "says"),
    [
        (ENGLISH, "fr", f"{ENGLISH} does not .* 'fr'.* {MULTILINGUAL} knows de, en, es, fr"),
        (ENGLISH, "multi", f"{ENGLISH} does not understand the language 'multi'"),
        (None, "vi", f"{MULTILINGUAL} does not understand the language 'vi'.*another speech_model"),
        (MULTILINGUAL, "ja", f"{MULTILINGUAL} does not understand the language 'ja'"),
    ],
)
def test_a_model_that_does_not_suit_the_language(
    given: str | None, language: str, says: str
) -> None:
    stt = AssemblyAiStt(given, api_key=KEY)
    with pytest.raises(ProviderRequestError, match=says):
        asyncio.run(stt.open(SttOptions(language=language)))


def test_a_formatted_text_is_waited_for_where_it_is_wanted() -> None:
    """It comes after the end of the turn was told, which starts an answer in the meantime."""
    more = {"turn_is_formatted": True, "turn_order": 0}
    script = [
        Say(0.2, "end_of_turn", "hi sonny", 0.6),
        Say(0.4, "end_of_turn", "Hi, Sonny.", 0.6, more),
    ]
    found = heard(Universal(script), format_turns=True)
    assert [(r.text, r.final, r.turn_over) for r in found] == [
        ("hi sonny", False, ENDED),
        ("Hi, Sonny.", True, ENDED),
    ]


def test_a_number_that_is_written_shorter_than_its_words_leaves_none_behind() -> None:
    """All of its words are final, so they are in the text, however many it is."""
    said = zip(("meet", "at", "two", "thirty"), (100, 300, 400, 600), strict=True)
    words = [
        {"text": word, "start": at, "end": at + 100, "confidence": 0.9, "word_is_final": True}
        for word, at in said
    ]
    more = {"turn_is_formatted": True, "words": words}
    script = [Say(0.8, "end_of_turn", "Meet at 2:30.", 0.6, more)]
    (found,) = heard(Universal(script), format_turns=True)
    assert found.text == "Meet at 2:30."


def test_a_turn_that_is_ended_from_here() -> None:
    async def main() -> list[SttResult]:
        engine = Universal([Say(0.4, "", "and so", 0.01, {"language_code": "en"})])
        async with serving(engine, path=PATH) as served:
            stream = await assembly(served).open(SttOptions())
            push(stream, 0.4)
            found = [await anext(stream)]
            push(stream, 0.24)  # the last 40 ms are too short to be sent
            stream.finalize()
            found += await results(stream)
            await stream.aclose()
            assert engine.heard_s == pytest.approx(0.6)
            return found

    first, final = asyncio.run(main())
    assert first.language == "en"
    assert (final.text, final.final, final.turn_over) == ("and so", True, 0.01)


def test_there_is_no_turn_to_be_ended() -> None:
    """It says nothing then; that it is there at all shows a ping."""

    async def main() -> SttResult:
        async with serving(Universal(), path=PATH) as served:
            stream = await assembly(served).open(SttOptions())
            push(stream, 0.1)
            stream.finalize()
            (result,) = await results(stream)
            await stream.aclose()
            return result

    assert asyncio.run(main()) == SttResult(0, "", final=True)


@pytest.mark.parametrize(
    ("message", "error", "says"),
    [
        ("{", ProviderProtocolError, "cannot be read"),
        ('{"kind": 1}', ProviderProtocolError, "no type"),
        (f'{{"type":"Turn","transcript":["{WORDS}"]}}', ProviderProtocolError, "Expected `str`"),
        (Universal.error(1008, "Unauthorized Connection: Invalid"), ProviderAuthError, "api_key"),
        (Universal.error(1008, "Insufficient account balance"), ProviderRateLimited, "no credit"),
        (Universal.error(1008, "Too many concurrent sessions"), ProviderRateLimited, "too many"),
        (Universal.error(3009, "Unauthorized"), ProviderRateLimited, "too many"),
        (Universal.error(3008, "Session Expired"), ProviderUnavailable, "is too long"),
        (Universal.error(3007, "Audio Rate Exceeded"), ProviderUnavailable, "at this pace"),
        (Universal.error(3006, f"Invalid: {WORDS}"), ProviderRequestError, "settings"),
        (Universal.error(3005, "Session Cancelled"), ProviderUnavailable, "ended the session"),
        (f'{{"error_code":"{WORDS}","error":"Oh"}}', ProviderUnavailable, "code unknown"),
        ('{"error":"Oh"}', ProviderUnavailable, "code unknown"),
    ],
)
def test_what_goes_wrong(message: str, error: type[ProviderError], says: str) -> None:
    async def main() -> None:
        async with serving(Universal([Raw(0.1, message)]), path=PATH) as served:
            stream = await assembly(served).open(SttOptions())
            push(stream, 0.1)
            with pytest.raises(error, match=says) as raised:
                await results(stream)
            assert WORDS not in str(raised.value)
            assert KEY not in str(raised.value)
            await stream.aclose()

    asyncio.run(main())


@pytest.mark.parametrize(
    ("leave", "error"),
    [
        (Leave(0.9), ProviderUnavailable),
        (Leave(0.9, 3005), ProviderUnavailable),
        (Leave(0.9, 3009), ProviderRateLimited),
        (Leave(0.9, 1008), ProviderAuthError),
    ],
)
def test_a_connection_that_is_closed_in_the_middle_of_a_turn(
    leave: Leave, error: type[ProviderError]
) -> None:
    async def main() -> list[SttResult]:
        async with serving(Universal([*TURN[:3], leave]), path=PATH) as served:
            stream = await assembly(served).open(SttOptions())
            push(stream, 1.0)
            found: list[SttResult] = []
            with pytest.raises(error):
                await results(stream, finals=9, found=found)
            await stream.aclose()
            return found

    assert asyncio.run(main())[-1].text == "my name is"


def test_what_it_says_besides_is_passed_over() -> None:
    script = [
        Raw(0.1, '{"type":"SpeechStarted","timestamp":100}'),
        Raw(0.1, '{"type":"Warning","warning_code":1,"warning":"Oh"}'),
        Say(0.2, "end_of_turn", "hi", 0.6, {"new": 1}),
    ]
    assert heard(Universal(script))[-1].text == "hi"


def test_another_model_than_was_asked_for_is_noticed(caplog: pytest.LogCaptureFixture) -> None:
    class Other(Universal):
        def begin(self) -> list[str | bytes]:
            return [json.dumps({"type": "Begin", "id": "s", "configuration": {"model": "other"}})]

    heard(Other([Say(0.1, "end_of_turn", "hi")]))
    assert "does not use the speech_model" in caplog.text


# Keys


def test_a_wrong_key_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is refused only after the connection was accepted."""
    monkeypatch.setenv("MY_KEY", "wrong-key")

    async def main() -> None:
        async with serving(Universal(), Universal(), path=PATH) as served:
            stt = AssemblyAiStt(base_url=served.url, api_key_env="MY_KEY")
            for use in (stt.warm(), stt.open(SttOptions())):
                with pytest.raises(ProviderAuthError, match=r"key of MY_KEY.*1008") as raised:
                    await use
                assert "wrong-key" not in str(raised.value)

    asyncio.run(main())


def test_a_proxy_may_refuse_it_before() -> None:
    async def main() -> None:
        async with serving(path=PATH, handshake=lambda _: response(401)) as served:
            with pytest.raises(ProviderAuthError, match="the setting api_key"):
                await assembly(served).open(SttOptions())

    asyncio.run(main())


def test_warming_up_asks_once() -> None:
    async def main() -> None:
        async with serving(Universal(), Universal(), path=PATH) as served:
            stt = assembly(served)
            await stt.warm()
            await stt.warm()
            assert served.connected == 1
            await stt.aclose()

    asyncio.run(main())


def test_neither_the_key_nor_the_words_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    assert heard(Universal([Say(0.1, "end_of_turn", WORDS)]))[-1].text == WORDS
    ours = [r.getMessage() for r in caplog.records if not r.name.startswith("websockets.server")]
    assert not any(secret in line for line in ours for secret in (KEY, WORDS, "maiden"))


def test_the_key_is_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigurationError, match=r"no API key for AssemblyAI.*ASSEMBLYAI_API_KEY"):
        AssemblyAiStt()
    monkeypatch.setenv("ASSEMBLYAI_API_KEY", KEY)
    own = "url='wss://streaming.assemblyai.com/v3/ws'"
    assert repr(AssemblyAiStt()) == f"AssemblyAiStt(speech_model=None, {own})"
    for elsewhere in ({"base_url": "ws://localhost:8080"}, {"realtime_url": "ws://localhost:8080"}):
        stt = AssemblyAiStt(**elsewhere)
        assert "Authorization" not in stt._vendor.access.headers  # it is not for somebody else


# Settings


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"end_of_turn_confidence_threshold": 1.5}, "is no number from 0 to 1"),
        ({"max_turn_silence": -1}, "from 0 to 60000"),
        ({"keyterms_prompt": ["x" * 51]}, "at most 100 terms of at most 50 characters"),
        ({"keyterms_prompt": ["x"] * 101}, "at most 100 terms"),
        ({"word_boost": ["x"]}, "has no setting 'word_boost'"),
        ({"speech_modle": "x"}, "Did you mean 'speech_model'"),
    ],
)
def test_a_setting_that_cannot_be_is_refused(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        registry.create("stt", "assembly-ai", {"api_key": KEY, **settings})
    assert says in str(raised.value)


def test_what_it_can_do() -> None:
    can = AssemblyAiStt(api_key=KEY).capabilities
    assert (can.partials, can.word_times, can.finalizes, can.needs_voice) == (
        True,
        True,
        True,
        False,
    )
