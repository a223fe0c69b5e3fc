"""From an assistant's description to an agent that takes calls."""

from collections.abc import Callable
from functools import partial

from parley.assistants.model import Assistant
from parley.core.phrases import ACKNOWLEDGEMENTS
from parley.core.settings import (
    InterruptionSettings,
    Settings,
    SilenceSettings,
    TurnSettings,
)
from parley.errors import AssistantError
from parley.providers import registry
from parley.providers.protocols import (
    LanguageModel,
    SttCapabilities,
    SttOptions,
    ToolDefinition,
)
from parley.runtime.agent import Agent
from parley.runtime.responders import ModelResponder, Responder
from parley.runtime.stages import Stages
from parley.runtime.voice import Voice
from parley.speech.shared import shared_vad
from parley.text.cutting import ChunkSettings
from parley.tools.runner import Tool, tool


def build_agent(assistant: Assistant, *, stages: Callable[[], Stages] = Stages) -> Agent:
    """Find and make everything that the assistant names.

    Raises ConfigurationError (or one of its branches) where something is unknown,
    wrongly set, not installed or not fetched.
    """
    stt = registry.create("stt", assistant.transcriber.provider, assistant.transcriber.settings())
    tts = registry.create("tts", assistant.voice.provider, assistant.voice.settings())
    if assistant.transcriber.grammar and not stt.capabilities.grammars:
        raise AssistantError(
            f"transcriber.grammar: {assistant.transcriber.provider} knows no grammars",
            remedy="Leave the grammar out, or use the provider pocketsphinx.",
        )
    model = registry.create("llm", assistant.model.provider, assistant.model.settings())
    tools = [t if isinstance(t, Tool) else tool(t) for t in assistant.tools]
    language = assistant.transcriber.language
    chunks = assistant.voice.chunk_plan
    return Agent(
        settings=settings_for(assistant, stt.capabilities),
        stt=stt,
        stt_options=SttOptions(language=language, grammar=assistant.transcriber.grammar),
        vad=shared_vad(),
        voice=Voice(
            tts,
            voice=assistant.voice.voice_id,
            language=language,
            speed=assistant.voice.speed,
        ),
        responder=_responder(assistant, model, tools),
        tools={t.definition.name: t for t in tools},
        stages=stages,
        chunking=ChunkSettings(first_clause=chunks.first_clause, max_words=chunks.max_words),
        others=(model,),
    )


def settings_for(assistant: Assistant, stt: SttCapabilities) -> Settings:
    """How the assistant wants its conversations to behave."""
    stop, idle = assistant.stop_speaking_plan, assistant.message_plan
    speaks_first = assistant.first_message_mode == "assistant-speaks-first"
    acknowledgements = stop.acknowledgement_phrases
    prompts = [
        idle.idle_messages[n % len(idle.idle_messages)]
        for n in range(idle.idle_message_max_spoken_count if idle.idle_messages else 0)
    ]
    return Settings(
        greeting=(assistant.first_message or "") if speaks_first else "",
        greeting_generated=assistant.first_message_mode.endswith("model-generated-message"),
        greeting_interruptible=assistant.first_message_interruptions_enabled,
        end_phrases=tuple(assistant.end_call_phrases),
        end_message=assistant.end_call_message or "",
        max_duration_s=assistant.max_duration_seconds,
        turns=TurnSettings(
            wait_s=assistant.start_speaking_plan.wait_seconds,
            recognizer_finalizes=stt.finalizes,
            finalize_after_s=stt.finalize_after_s,
        ),
        interruption=InterruptionSettings(
            words=max(1, stop.num_words),
            voice_s=stop.voice_seconds,
            commands=tuple(stop.interruption_phrases or ()),
            acknowledgements=(
                ACKNOWLEDGEMENTS if acknowledgements is None else tuple(acknowledgements)
            ),
        ),
        silence=SilenceSettings(
            prompt_after_s=idle.idle_timeout_seconds,
            prompts=tuple(prompts),
            end_after_s=assistant.silence_timeout_seconds,
        ),
    )


def _responder(
    assistant: Assistant, model: LanguageModel, tools: list[Tool]
) -> Callable[[], Responder]:
    definitions = [
        ToolDefinition(t.definition.name, t.definition.description, t.definition.parameters)
        for t in tools
    ]
    return partial(
        ModelResponder,
        model,
        instructions="\n\n".join(m.content for m in assistant.model.prompt()),
        tools=definitions,
        temperature=assistant.model.temperature,
        max_tokens=assistant.model.max_tokens,
    )
