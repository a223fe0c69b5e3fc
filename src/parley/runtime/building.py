"""From an assistant's description to an agent that takes calls."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from typing import Any

from parley.assistants.flows import Dialogue, problems
from parley.assistants.flows.checking import MODEL
from parley.assistants.model import Assistant, ToolMessage
from parley.assistants.problems import found_error
from parley.assistants.turntaking import EndpointingRule
from parley.audio.ambience import Background, background
from parley.audio.echo import HearingSettings, check
from parley.core import listeners
from parley.core.settings import (
    AttendingSettings,
    EndingRule,
    EndingSettings,
    HoldSettings,
    InterruptionSettings,
    KeypadSettings,
    PhraseSettings,
    RecoverySettings,
    Settings,
    SilenceSettings,
    ToolPhrase,
    TurnSettings,
)
from parley.errors import AssistantError, AudioError, MissingModelError
from parley.providers import registry
from parley.providers.protocols import (
    LanguageModel,
    SttCapabilities,
    SttOptions,
    ToolDefinition,
)
from parley.runtime.agent import Agent
from parley.runtime.flows import FlowResponder
from parley.runtime.responders import HandingOver, ModelResponder, Responder
from parley.runtime.stages import Stages
from parley.runtime.voice import Voice
from parley.speech.describing import shared_describer
from parley.speech.endofturn_shared import SharedEndOfTurn, shared_end_of_turn
from parley.speech.shared import shared_vad
from parley.text.cutting import ChunkSettings
from parley.tools.runner import Tool, tool

Today = Callable[[], date]


def machines_date() -> date:
    """Today, where this machine is."""
    return datetime.now().astimezone().date()


def build_agent(
    assistant: Assistant,
    *,
    stages: Callable[[], Stages] = Stages,
    today: Today = machines_date,
) -> Agent:
    """Find and make everything that the assistant names.

    `today` is what a flow takes "tomorrow" from.
    Raises ConfigurationError (or one of its branches) where something is unknown,
    wrongly set, not installed or not fetched.
    """
    stt = registry.create("stt", assistant.transcriber.provider, assistant.transcriber.settings())
    registry.check_language(stt, assistant.transcriber.language)
    tts = registry.create("tts", assistant.voice.provider, _voice_settings(assistant))
    if assistant.transcriber.grammar and not stt.capabilities.grammars:
        raise AssistantError(
            f"transcriber.grammar: {assistant.transcriber.provider} knows no grammars",
            remedy="Leave the grammar out, or use the provider embedded.",
        )
    model = registry.create("llm", assistant.model.provider, assistant.model.settings())
    end_of_turn = _end_of_turn(assistant)
    tools = [t if isinstance(t, Tool) else tool(t) for t in assistant.tools]
    dialogue = _dialogue(assistant, tools)
    language = assistant.transcriber.language
    chunks = assistant.voice.chunk_plan
    return Agent(
        settings=settings_for(
            assistant, stt.capabilities, dialogue, today, judges=end_of_turn is not None
        ),
        stt=stt,
        stt_options=SttOptions(language=language, grammar=assistant.transcriber.grammar),
        vad=shared_vad(),
        voice=Voice(
            tts,
            voice=assistant.voice.voice_id,
            language=language,
            speed=assistant.voice.speed,
        ),
        responder=_responder(assistant, dialogue, model, tools, today),
        tools={t.definition.name: t for t in tools},
        stages=stages,
        chunking=ChunkSettings(first_clause=chunks.first_clause, max_words=chunks.max_words),
        end_of_turn=end_of_turn,
        describer=shared_describer() if set(assistant.voice_facts) - {"language"} else None,
        others=(model,),
        background=_background(assistant),
        hearing=_hearing(assistant),
    )


def _hearing(assistant: Assistant) -> HearingSettings:
    settings = HearingSettings(
        echo=assistant.echo_cancellation,
        suppress_noise=assistant.background_speech_denoising_plan.smart_denoising_plan.enabled,
        control_gain=assistant.automatic_gain_control_enabled,
    )
    check(settings)
    return settings


def _end_of_turn(assistant: Assistant) -> SharedEndOfTurn | None:
    """The model that judges the sound of turns, where it is wanted and there."""
    wanted = assistant.start_speaking_plan.smart_endpointing_plan.provider
    if wanted == "off":
        return None
    try:
        return shared_end_of_turn()
    except MissingModelError:
        if wanted == "smart-turn":
            raise
        return None


def _background(assistant: Assistant) -> Background | None:
    """What is heard behind the assistant's voice. Nothing is fetched."""
    sound = assistant.background_sound
    if sound == "off" or "://" in sound:
        return None
    try:
        return background(sound, assistant.background_sound_level_db)
    except AudioError as error:
        raise AssistantError(
            f"background_sound: {error.what}",
            remedy="Give off, office, typing, or the path of a recording.",
        ) from error


def _dialogue(assistant: Assistant, tools: list[Tool]) -> Dialogue | None:
    """The assistant's flow, checked against its tools."""
    if assistant.flow is None:
        return None
    known = {t.definition.name: list(t.parameters) for t in tools}
    if found := problems(assistant.flow, known):
        raise found_error([(("flow", *p.path), p.what, p.remedy) for p in found])
    return Dialogue(assistant.flow)


def settings_for(
    assistant: Assistant,
    stt: SttCapabilities,
    dialogue: Dialogue | None = None,
    today: Today = machines_date,
    *,
    judges: bool = False,
) -> Settings:
    """How the assistant wants its conversations to behave."""
    idle, plan = assistant.message_plan, assistant.start_speaking_plan
    prompts = [
        idle.idle_messages[n % len(idle.idle_messages)]
        for n in range(idle.idle_message_max_spoken_count if idle.idle_messages else 0)
    ]
    return Settings(
        **opening(assistant, dialogue, today()),
        end_phrases=tuple(assistant.end_call_phrases),
        must_be_heard=tuple(assistant.uninterruptible_phrases),
        end_message=assistant.end_call_message or "",
        max_duration_s=assistant.max_duration_seconds,
        voice_facts=tuple(dict.fromkeys(assistant.voice_facts)),
        turns=TurnSettings(
            wait_s=max(plan.wait_seconds, plan.unsure_seconds),
            ending=_ending(assistant),
            judges=judges,
            speculation_limit=plan.speculation_limit,
            speculation_waste=plan.speculation_waste,
            recognizer_finalizes=stt.finalizes,
            recognizer_partials=stt.partials,
            finalize_after_s=stt.finalize_after_s,
        ),
        interruption=_stops(assistant, heeding(InterruptionSettings(), stt)),
        thinking=_stops(assistant, heeding(Settings().thinking, stt), thinks=True),
        attending=AttendingSettings(
            enabled=assistant.backchanneling_enabled,
            words=tuple(assistant.backchannel_words),
            frequency=assistant.backchannel_frequency,
        ),
        recovery=RecoverySettings(filler_after_s=assistant.waiting_plan.delay_seconds),
        phrases=_phrases(assistant),
        keypad=KeypadSettings(
            enabled=assistant.keypad_input_plan.enabled,
            wait_s=assistant.keypad_input_plan.timeout_seconds,
            end_keys="".join(assistant.keypad_input_plan.delimiters),
        ),
        holding=_holding(assistant),
        silence=SilenceSettings(
            prompt_after_s=idle.idle_timeout_seconds,
            prompts=tuple(prompts),
            end_after_s=assistant.silence_timeout_seconds,
        ),
    )


def _holding(assistant: Assistant) -> HoldSettings:
    plan = assistant.hold_plan
    phrases = listeners.moments(assistant.transcriber.language)
    return HoldSettings(
        limit_s=plan.limit_seconds,
        phrases=phrases if plan.phrases is None else tuple(plan.phrases),
        patience_s=plan.patience_seconds,
    )


def _phrases(assistant: Assistant) -> PhraseSettings:
    """What is said while the caller waits, and when nothing else can be."""
    plan, messages = assistant.waiting_plan, assistant.message_plan
    return PhraseSettings(
        unclear=messages.unclear_message,
        apology=messages.apology_message,
        lost_thread=messages.lost_thread_message,
        gap=messages.gap_message,
        failure_goodbye=messages.failure_message,
        silence_goodbye=messages.silence_timeout_message,
        duration_goodbye=messages.max_duration_message,
        fillers=tuple(plan.thinking_messages),
        working=tuple(plan.working_messages),
        still=tuple(plan.still_messages),
        tools=tuple(map(_tool_phrase, assistant.tool_messages)),
    )


def _tool_phrase(message: ToolMessage) -> ToolPhrase:
    at_once = message.type == "request-start"
    return ToolPhrase(
        message.tool, message.content, 0.0 if at_once else message.timing_milliseconds / 1000
    )


def heeding(usual: InterruptionSettings, stt: SttCapabilities) -> InterruptionSettings:
    """How far words take the floor: a recogniser that makes words of noise is believed less,
    and the sound more. Of a cough or a murmur it makes one word, of an objection several, of babble
    words all the time, of none of them an order to stop: that counts as with others.
    """
    if not stt.needs_voice:
        return usual
    words = replace(usual, word=1.5, more_words=0.5, most_words=2, false_alarm=1.0)
    sound = replace(words, speech=1.5, unjudged=0.5)
    return replace(sound, crowd=2.5, crowd_least=1.0, crowd_most=10.0)


def _stops(
    assistant: Assistant, usual: InterruptionSettings, *, thinks: bool = False
) -> InterruptionSettings:
    """What takes the floor, with the phrases of the language where none are named.

    As with VAPI, a voice counts only where not several words are asked for; of an agent that
    `thinks` nothing is heard yet, and who goes on then is not made to say so many.
    """
    stop, language = assistant.stop_speaking_plan, assistant.transcriber.language
    several = stop.num_words > 1
    builtin = listeners.commands(language) if several else ()
    listening, taking = stop.acknowledgement_phrases, stop.interruption_phrases
    voice_s = None if several else stop.voice_seconds
    return replace(
        usual,
        words=1 if thinks else max(1, stop.num_words),
        by_voice=thinks or not several,
        voice_s=usual.voice_s if voice_s is None else voice_s,
        wordless_s=usual.wordless_s if voice_s is None else 0.0,
        backoff_s=stop.backoff_seconds,
        acknowledgements=(
            listeners.acknowledgements(language) if listening is None else tuple(listening)
        ),
        orders=listeners.orders(language),
        commands=builtin if taking is None else tuple(taking),
    )


def _ending(assistant: Assistant) -> EndingSettings:
    """What is known of the end of a turn. The list of last words is English."""
    plan = assistant.start_speaking_plan
    usual = EndingSettings(
        shortest_s=plan.wait_seconds,
        longest_s=plan.longest_seconds,
        patience_s=plan.patience_seconds,
        assurance=plan.assurance,
    )
    language = listeners.primary(assistant.transcriber.language)
    if language != "en":
        usual = replace(usual, language=language, hesitations=listeners.hesitations(language))
    by_text, smart = plan.transcription_endpointing_plan, plan.smart_endpointing_plan
    if smart.wait_function is not None:
        usual = replace(usual, curve_s=smart.curve_s(plan.wait_seconds))
    elif by_text and smart.provider in ("auto", "off"):
        usual = replace(
            usual,
            on_stop_s=max(plan.wait_seconds, by_text.on_punctuation_seconds),
            on_no_stop_s=max(plan.wait_seconds, by_text.on_no_punctuation_seconds),
            on_number_s=max(plan.wait_seconds, by_text.on_number_seconds),
        )
    rules = (_ending_rule(rule, plan.wait_seconds) for rule in plan.custom_endpointing_rules)
    return replace(usual, rules=tuple(rules))


def _ending_rule(rule: EndpointingRule, least_s: float) -> EndingRule:
    return EndingRule(*rule.searched(), max(least_s, rule.timeout_seconds))


def opening(assistant: Assistant, dialogue: Dialogue | None, today: date) -> dict[str, Any]:
    """How a conversation begins, as fields of `Settings`."""
    mode, said = assistant.first_message_mode, assistant.first_message or ""
    if mode == "assistant-waits-for-user":
        said = ""
    generated = mode.endswith("model-generated-message")
    interruptible = assistant.first_message_interruptions_enabled
    if dialogue is None:
        return {
            "greeting": "" if generated else said,
            "greeting_generated": generated,
            "greeting_interruptible": interruptible,
        }
    state, reply = dialogue.begin(today)
    question = dialogue.question(state)
    if question is None:
        return {"greeting_generated": True, "greeting_interruptible": interruptible}
    if mode == "assistant-waits-for-user":
        return {"greeting_interruptible": interruptible}  # nothing is asked before they speak
    return {
        "greeting": said or reply.text if mode == "assistant-speaks-first" else "",
        "greeting_interruptible": interruptible and not reply.must_be_heard,
        "greeting_kind": question.kind,
        "greeting_question": state.question,
        "greeting_digits": question.digits,
        "greeting_grammar": dialogue.grammar(state, today),
    }


def _voice_settings(assistant: Assistant) -> dict[str, Any]:
    """The provider's settings, with what it will be asked for where it wants to know that."""
    voice = assistant.voice
    asked = {"language": assistant.transcriber.language, "voice": voice.voice_id}
    wanted = registry.setting_names("tts", voice.provider)
    return {k: v for k, v in asked.items() if k in wanted} | voice.settings()


def _responder(
    assistant: Assistant,
    dialogue: Dialogue | None,
    model: LanguageModel,
    tools: list[Tool],
    today: Today,
) -> Callable[[], Responder]:
    answering = _model_responder(assistant, model, tools)
    if dialogue is None:
        return answering
    return lambda: HandingOver(FlowResponder(dialogue, today), {MODEL: answering()})


def _model_responder(
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
