"""The official SDK holds a spoken conversation with a real server, in real time."""

import asyncio
import base64
import json
from collections.abc import Sequence
from typing import Any

import pytest
from door_clients import FRAME_S, SILENT, VOICED
from door_support import served, with_server
from openai import AsyncOpenAI
from realtime_support import kinds, of, validated
from support import an_agent
from voices import read

from parley.providers.scripted import ScriptedLlm, ScriptedStt
from parley.server.served import Served
from parley.server.serving import Running

ORDER = [
    "session.created",
    "session.updated",
    "response.created",
    "response.done",
    "input_audio_buffer.speech_started",
    "input_audio_buffer.speech_stopped",
    "input_audio_buffer.committed",
    "conversation.item.input_audio_transcription.completed",
    "response.created",
    "response.done",
]


RESPONSES = 2
PATIENCE_S = 20.0


async def spoken(server: Running, script: Sequence[tuple[str, float]]) -> list[dict[str, Any]]:
    """Say frames for so many seconds, one after the other, then wait for the second response."""
    told: list[dict[str, Any]] = []
    client = AsyncOpenAI(base_url=f"{server.url}/v1", api_key="any")
    async with client, client.realtime.connect(model="demo") as connection:
        created = await connection.recv()
        told.append(json.loads(created.to_json(exclude_unset=True)))
        detection = {"turn_detection": {"type": "server_vad"}}
        await connection.session.update(session={"type": "realtime", "audio": {"input": detection}})

        async def listen() -> None:
            while True:
                event = await connection.recv()
                told.append(json.loads(event.to_json(exclude_unset=True)))

        listening = asyncio.get_running_loop().create_task(listen())
        loop = asyncio.get_running_loop()
        due = loop.time()
        for frame, seconds in script:
            for _ in range(round(seconds / FRAME_S)):
                due += FRAME_S
                await asyncio.sleep(max(0.0, due - loop.time()))
                await connection.input_audio_buffer.append(audio=frame)
                if len(of(told, "response.done")) == RESPONSES:
                    break
        listening.cancel()
    return [validated(event) for event in told]


def heard(told: Sequence[dict[str, Any]]) -> bytes:
    """All the audio that came."""
    deltas = of(told, "response.output_audio.delta")
    return b"".join(base64.b64decode(delta["delta"]) for delta in deltas)


def test_a_conversation() -> None:
    script = [(SILENT, 1.2), (VOICED, 0.6), (SILENT, PATIENCE_S)]
    told = with_server(lambda server: spoken(server, script), [served(says=["count to three"])])
    assert [kind for kind in kinds(told) if kind in ORDER] == ORDER
    transcripts = [e["transcript"] for e in of(told, "response.output_audio_transcript.done")]
    assert transcripts == ["Hello.", "Yes."]
    assert read(heard(told)) == "Hello.Yes."
    (said,) = of(told, "conversation.item.input_audio_transcription.completed")
    assert said["transcript"] == "count to three"
    assert not [e for e in told if e["type"].startswith("parley.")], "it did not ask for them"


def test_the_embedded_engines_hold_one_too() -> None:
    from parley.assistants.model import Assistant
    from parley.errors import MissingModelError
    from parley.models import model_path
    from parley.runtime.building import build_agent

    try:
        model_path("silero-vad")
    except MissingModelError as error:
        pytest.skip(str(error))
    assistant = Assistant(
        first_message="Hello.",
        voice={"provider": "espeak"},
        model={"provider": "scripted", "replies": ["Good."]},
    )
    served_for_real = Served(build_agent(assistant), "demo")

    async def main(server: Running) -> list[dict[str, Any]]:
        caller = await _synthetic("Good morning.")
        frames = [(caller[at : at + 1280], FRAME_S) for at in range(0, len(caller), 1280)]
        return await spoken(server, [(SILENT, 1.5), *frames, (SILENT, PATIENCE_S)])

    told = with_server(main, [served_for_real])
    said = [e["transcript"] for e in of(told, "response.output_audio_transcript.done")]
    assert said[:2] == ["Hello.", "Good."]
    (turn,) = of(told, "conversation.item.input_audio_transcription.completed")
    assert turn["transcript"], "the recogniser has heard something"
    assert len(heard(told)) / 48_000 > 0.5, "seconds of a voice"


async def _synthetic(text: str) -> str:
    """A voice in base64, cut at multiples of 1280 characters into frames of 20 ms."""
    from parley.providers import registry
    from parley.runtime.voice import Voice

    engine = registry.create("tts", "espeak")
    try:
        pcm = b"".join([s.pcm async for s in Voice(engine, voice="en-us").speak(text)])
    finally:
        await engine.aclose()
    whole = pcm + bytes(-len(pcm) % 960)
    return base64.b64encode(whole).decode()


STORY = "Once upon a time there was a miller who had three sons, and a mill, and a donkey."


async def pushed_to_talk(server: Running) -> list[dict[str, Any]]:
    """A manual conversation: two turns that the client ends; the second answer is stopped."""
    told: list[dict[str, Any]] = []
    client = AsyncOpenAI(base_url=f"{server.url}/v1", api_key="any")
    async with client, client.realtime.connect(model="demo") as connection:

        async def until(kind: str) -> dict[str, Any]:
            while True:
                event = await connection.recv()
                told.append(json.loads(event.to_json(exclude_unset=True)))
                if event.type == kind:
                    return told[-1]

        async def talk(seconds: float) -> None:
            for _ in range(round(seconds / FRAME_S)):
                await connection.input_audio_buffer.append(audio=VOICED)
                await asyncio.sleep(FRAME_S)
            await connection.input_audio_buffer.commit()
            await connection.response.create()

        manual: Any = {"type": "realtime", "audio": {"input": {"turn_detection": None}}}
        await connection.session.update(session=manual)
        await until("session.updated")
        await connection.response.create()
        await until("response.done")
        await talk(0.6)
        await until("response.done")
        await talk(0.6)
        await until("response.output_audio.delta")
        await connection.response.cancel()
        done = await until("response.done")
        assert done["response"]["status"] == "cancelled"
    return [validated(event) for event in told]


def test_a_conversation_by_push_to_talk() -> None:
    stt = ScriptedStt(["count to three", "tell me a story"], then="")
    agent = an_agent(stt=stt, llm=ScriptedLlm(["Yes.", STORY]))
    told = with_server(pushed_to_talk, [Served(agent, "demo", brain_kind="scripted")])
    updated = of(told, "session.updated")[0]["session"]
    assert updated["audio"]["input"]["turn_detection"] is None
    said = of(told, "conversation.item.input_audio_transcription.completed")
    assert [e["transcript"] for e in said] == ["count to three", "tell me a story"]
    transcripts = [e["transcript"] for e in of(told, "response.output_audio_transcript.done")]
    assert transcripts[:2] == ["Hello.", "Yes."]
    assert len(transcripts) < 3 or transcripts[2] != STORY
    assert "input_audio_buffer.speech_started" not in kinds(told)
    assert not of(told, "error")
