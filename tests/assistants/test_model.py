"""The assistant's model: names, limits, what is kept, what is refused."""

import json
import subprocess
import sys
from typing import Any

import pytest

from parley.assistants import Assistant, default_assistant
from parley.assistants.model import (
    ChunkPlan,
    FirstMessageMode,
    MessagePlan,
    Model,
    PromptMessage,
    Transcriber,
    Voice,
)
from parley.assistants.turntaking import StartSpeakingPlan, StopSpeakingPlan
from parley.errors import AssistantError

FULL: dict[str, Any] = {
    "name": "Front desk",
    "model": {
        "provider": "openai",
        "model": "m",
        "system_prompt": "Be kind.",
        "messages": [{"role": "user", "content": "Hi"}],
        "temperature": 0.5,
        "max_tokens": 100,
        "base_url": "http://127.0.0.1:11434/v1",
        "replies": ["One."],
    },
    "transcriber": {
        "provider": "pocketsphinx",
        "language": "de",
        "grammar": "#JSGF V1.0;",
        "beam_width": 4,
    },
    "voice": {
        "provider": "espeak",
        "voice_id": "de+f2",
        "speed": 1.25,
        "chunk_plan": {"first_clause": False, "max_words": 20},
    },
    "first_message": "Hello!",
    "first_message_mode": "assistant-waits-for-user",
    "first_message_interruptions_enabled": False,
    "uninterruptible_phrases": ["is recorded"],
    "start_speaking_plan": {
        "wait_seconds": 0.8,
        "patience_seconds": 0.4,
        "assurance": 0.5,
        "unsure_seconds": 0.9,
        "longest_seconds": 2.0,
        "speculation_limit": 0,
        "speculation_waste": 0.5,
        "smart_endpointing_plan": {"provider": "off", "wait_function": None},
        "transcription_endpointing_plan": {
            "on_punctuation_seconds": 0.2,
            "on_no_punctuation_seconds": 1.0,
            "on_number_seconds": 0.7,
        },
        "custom_endpointing_rules": [
            {
                "type": "both",
                "regex": "",
                "assistant_regex": "number",
                "customer_regex": "[0-9]$",
                "regex_options": [],
                "assistant_regex_options": [{"type": "ignore-case", "enabled": True}],
                "customer_regex_options": [],
                "timeout_seconds": 3.0,
            }
        ],
    },
    "backchanneling_enabled": True,
    "backchannel_words": ["Mhm."],
    "backchannel_frequency": 0.8,
    "waiting_plan": {
        "thinking_messages": ["Hm."],
        "working_messages": ["I look."],
        "still_messages": [],
        "delay_seconds": 2.0,
    },
    "tool_messages": [
        {
            "type": "request-response-delayed",
            "content": "It takes long.",
            "tool": "book",
            "timing_milliseconds": 3000,
        }
    ],
    "background_sound": "office",
    "background_sound_level_db": -50.0,
    "voice_facts": ["rate", "language"],
    "hold_plan": {"limit_seconds": 120.0, "phrases": ["brb"], "patience_seconds": 20.0},
    "keypad_input_plan": {"enabled": True, "timeout_seconds": 3.0, "delimiters": ["*"]},
    "echo_cancellation": "on",
    "background_speech_denoising_plan": {"smart_denoising_plan": {"enabled": True}},
    "automatic_gain_control_enabled": True,
    "stop_speaking_plan": {
        "num_words": 1,
        "voice_seconds": 0.3,
        "backoff_seconds": 0.5,
        "acknowledgement_phrases": ["yes"],
        "interruption_phrases": ["stop"],
    },
    "message_plan": {
        "idle_messages": ["Hello?"],
        "idle_timeout_seconds": 7.5,
        "idle_message_max_spoken_count": 2,
        "silence_timeout_message": "S.",
        "max_duration_message": "M.",
        "unclear_message": "U.",
        "gap_message": "G.",
        "apology_message": "A.",
        "lost_thread_message": "L.",
        "failure_message": "F.",
    },
    "silence_timeout_seconds": 20.0,
    "max_duration_seconds": 300.0,
    "end_call_message": "Bye.",
    "end_call_phrases": ["goodbye"],
}

WIRE: dict[str, Any] = {
    "name": "Front desk",
    "model": {
        "provider": "openai",
        "model": "m",
        "systemPrompt": "Be kind.",
        "messages": [{"role": "user", "content": "Hi"}],
        "temperature": 0.5,
        "maxTokens": 100,
        "url": "http://127.0.0.1:11434/v1",
        "replies": ["One."],
    },
    "transcriber": {
        "provider": "pocketsphinx",
        "language": "de",
        "grammar": "#JSGF V1.0;",
        "beam_width": 4,
    },
    "voice": {
        "provider": "espeak",
        "voiceId": "de+f2",
        "speed": 1.25,
        "chunkPlan": {"firstClause": False, "maxWords": 20},
    },
    "firstMessage": "Hello!",
    "firstMessageMode": "assistant-waits-for-user",
    "firstMessageInterruptionsEnabled": False,
    "uninterruptiblePhrases": ["is recorded"],
    "startSpeakingPlan": {
        "waitSeconds": 0.8,
        "patienceSeconds": 0.4,
        "assurance": 0.5,
        "unsureSeconds": 0.9,
        "longestSeconds": 2.0,
        "speculationLimit": 0,
        "speculationWaste": 0.5,
        "smartEndpointingPlan": {"provider": "off"},
        "transcriptionEndpointingPlan": {
            "onPunctuationSeconds": 0.2,
            "onNoPunctuationSeconds": 1.0,
            "onNumberSeconds": 0.7,
        },
        "customEndpointingRules": [
            {
                "type": "both",
                "regex": "",
                "assistantRegex": "number",
                "customerRegex": "[0-9]$",
                "regexOptions": [],
                "assistantRegexOptions": [{"type": "ignore-case", "enabled": True}],
                "customerRegexOptions": [],
                "timeoutSeconds": 3.0,
            }
        ],
    },
    "backchannelingEnabled": True,
    "backchannelWords": ["Mhm."],
    "backchannelFrequency": 0.8,
    "waitingPlan": {
        "thinkingMessages": ["Hm."],
        "workingMessages": ["I look."],
        "stillMessages": [],
        "delaySeconds": 2.0,
    },
    "toolMessages": [
        {
            "type": "request-response-delayed",
            "content": "It takes long.",
            "tool": "book",
            "timingMilliseconds": 3000,
        }
    ],
    "backgroundSound": "office",
    "backgroundSoundLevelDb": -50.0,
    "voiceFacts": ["rate", "language"],
    "holdPlan": {"limitSeconds": 120.0, "phrases": ["brb"], "patienceSeconds": 20.0},
    "keypadInputPlan": {"enabled": True, "timeoutSeconds": 3.0, "delimiters": ["*"]},
    "echoCancellation": "on",
    "backgroundSpeechDenoisingPlan": {"smartDenoisingPlan": {"enabled": True}},
    "automaticGainControlEnabled": True,
    "stopSpeakingPlan": {
        "numWords": 1,
        "voiceSeconds": 0.3,
        "backoffSeconds": 0.5,
        "acknowledgementPhrases": ["yes"],
        "interruptionPhrases": ["stop"],
    },
    "messagePlan": {
        "idleMessages": ["Hello?"],
        "idleTimeoutSeconds": 7.5,
        "idleMessageMaxSpokenCount": 2,
        "silenceTimeoutMessage": "S.",
        "maxDurationMessage": "M.",
        "unclearMessage": "U.",
        "gapMessage": "G.",
        "apologyMessage": "A.",
        "lostThreadMessage": "L.",
        "failureMessage": "F.",
    },
    "silenceTimeoutSeconds": 20.0,
    "maxDurationSeconds": 300.0,
    "endCallMessage": "Bye.",
    "endCallPhrases": ["goodbye"],
}


def refusal(**fields: Any) -> AssistantError:
    with pytest.raises(AssistantError) as caught:
        Assistant(**fields)
    return caught.value


# Names


def test_snake_case_and_camel_case_are_the_same() -> None:
    assistant = Assistant.parse(FULL)
    assert assistant == Assistant.parse(WIRE)
    assert assistant.wire() == WIRE
    assert Assistant.parse(json.loads(json.dumps(assistant.wire()))) == assistant
    assert assistant.model_dump() == FULL | {"flow": None}
    assert assistant.warnings == ()


def test_the_wire_leaves_out_what_is_none() -> None:
    wire = Assistant().wire()
    assert "name" not in wire
    assert "voiceId" not in wire["voice"]


def test_python_takes_sections_or_plain_data() -> None:
    typed = Assistant(first_message="Hi", voice=Voice(speed=2, chunk_plan=ChunkPlan(max_words=5)))
    plain = Assistant.parse(
        {"first_message": "Hi", "voice": {"speed": 2, "chunkPlan": {"maxWords": 5}}}
    )
    assert typed == plain


def test_the_defaults() -> None:
    assistant = Assistant()
    assert assistant.model == Model(provider="scripted", replies=["I heard: {transcript}"])
    assert assistant.transcriber == Transcriber(provider="embedded", language="en")
    assert assistant.voice == Voice(provider="embedded", voice_id=None, speed=1.0)
    assert assistant.voice.chunk_plan == ChunkPlan(first_clause=True, max_words=15)
    assert assistant.start_speaking_plan == StartSpeakingPlan(wait_seconds=0.3)
    assert assistant.stop_speaking_plan == StopSpeakingPlan(num_words=1, backoff_seconds=0)
    assert assistant.stop_speaking_plan.acknowledgement_phrases is None
    assert assistant.message_plan == MessagePlan(
        idle_messages=["Are you still there?"],
        idle_timeout_seconds=10,
        idle_message_max_spoken_count=3,
    )
    assert assistant.first_message_mode == "assistant-speaks-first"
    assert assistant.first_message_interruptions_enabled
    assert assistant.silence_timeout_seconds == 30
    assert assistant.max_duration_seconds == 600


def test_defaults_are_not_shared() -> None:
    Assistant().message_plan.idle_messages.append("Hello?")
    MessagePlan().idle_messages.append("Hello?")
    assert MessagePlan().idle_messages == ["Are you still there?"]


@pytest.mark.parametrize("key", ["base_url", "baseUrl", "url"])
def test_all_names_of_the_server(key: str) -> None:
    model = Assistant.parse({"model": {"provider": "openai", key: "http://h/v1"}}).model
    assert model.base_url == "http://h/v1"


@pytest.mark.parametrize(
    "key",
    [
        "backchanneling_enabled",
        "backchannelingEnabled",
        "enable_backchannel",
        "enableBackchannel",
    ],
)
def test_all_names_of_backchannels(key: str) -> None:
    assistant = Assistant.parse({"first_message": "Hi", key: True})
    assert assistant.backchanneling_enabled
    assert assistant.wire()["backchannelingEnabled"] is True
    assert assistant.warnings == ()


def test_a_background_sound_is_not_fetched() -> None:
    assistant = Assistant(first_message="Hi", background_sound="https://h/a.mp3")
    assert assistant.warnings == (
        "background_sound: nothing is fetched, so it is off; give a file's path",
    )


def test_a_field_under_two_names_is_refused() -> None:
    error = refusal(first_message="a", firstMessage="b")
    assert "firstMessage and first_message are the same field" in str(error)
    assert "base_url and url are" in str(refusal(model={"url": "a", "base_url": "b"}))


def test_an_assistant_does_not_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Assistant().name = "other"


# Unknown fields


def test_who_looks_for_the_shortest_pause_is_told_its_name() -> None:
    plan = {"shortestSeconds": 0.4}
    assistant = Assistant.parse({"firstMessage": "Hi", "startSpeakingPlan": plan})
    (warning,) = assistant.warnings
    assert warning.startswith("start_speaking_plan.shortestSeconds: unknown, kept without effect")
    assert warning.endswith("did you mean wait_seconds?")


def test_unknown_fields_are_kept_and_reported() -> None:
    data = {
        "firstMessage": "Hi",
        "first_mesage": "Ho",
        "serverUrl": "http://h",
        "startSpeakingPlan": {"waitSeconds": 1.0, "smartEndpointingEnabled": True},
        "voice": {"chunkPlan": {"maxWord": 4}},
        "model": {"messages": [{"role": "user", "content": "Hi", "mood": "good"}]},
    }
    assistant = Assistant.parse(data)
    assert assistant.warnings == (
        "first_mesage: unknown, kept without effect; did you mean first_message?",
        "serverUrl: unknown, kept without effect",
        "model.messages.0.mood: unknown, kept without effect",
        "voice.chunk_plan.maxWord: unknown, kept without effect; did you mean max_words?",
        "start_speaking_plan.smartEndpointingEnabled: unknown, kept without effect;"
        " did you mean smart_endpointing_plan?",
    )
    wire = assistant.wire()
    assert wire["first_mesage"] == "Ho"
    assert wire["serverUrl"] == "http://h"
    assert wire["startSpeakingPlan"]["smartEndpointingEnabled"] is True
    assert wire["voice"]["chunkPlan"]["maxWord"] == 4
    assert wire["model"]["messages"][0]["mood"] == "good"
    assert Assistant.parse(wire) == assistant


def test_phrases_in_another_language_than_the_callers_are_reported() -> None:
    german: dict[str, Any] = {"firstMessage": "Hallo", "transcriber": {"language": "de-AT"}}
    (warning,) = Assistant.parse(german).warnings
    assert warning.startswith("transcriber.language: it is de-AT, but English are waiting_plan.")
    assert "message_plan.unclear_message" in warning
    assert "seconds" not in warning
    assert "backchannel_words" not in warning
    given = {"waiting_plan": FULL["waiting_plan"], "message_plan": FULL["message_plan"]}
    assert Assistant.parse(german | given).warnings == ()
    (warning,) = Assistant.parse(german | given | {"enableBackchannel": True}).warnings
    assert warning == "transcriber.language: it is de-AT, but English are backchannel_words"
    silent = {"waiting_plan": {"thinkingMessages": [], "workingMessages": [], "stillMessages": []}}
    assert Assistant.parse(german | given | silent).warnings == ()
    assert (
        Assistant.parse({"firstMessage": "Hi", "transcriber": {"language": "en-GB"}}).warnings == ()
    )


def test_unknown_fields_of_a_provider_are_its_settings() -> None:
    assistant = Assistant.parse(
        {
            "first_message": "Hi",
            "transcriber": {"smartFormat": True, "beam_width": 4, "langauge": "de"},
            "voice": {"pitch": 50},
            "model": {"provider": "openai", "model": "m", "url": "http://h/v1", "readTimeoutS": 9},
        }
    )
    assert assistant.transcriber.settings() == {
        "smart_format": True,
        "beam_width": 4,
        "langauge": "de",
    }
    assert assistant.voice.settings() == {"pitch": 50}
    assert assistant.model.settings() == {
        "model": "m",
        "base_url": "http://h/v1",
        "read_timeout_s": 9,
    }
    assert assistant.warnings == (
        "transcriber.langauge: passed on to the provider; did you mean language?",
    )


def test_the_settings_of_models() -> None:
    assert Model().settings() == {"replies": ["I heard: {transcript}"]}
    assert Model(provider="openai").settings() == {}


def test_what_is_weak_or_needs_a_consent_is_reported() -> None:
    facts = ["rate", "same_speaker", "emotion"]
    emotion, speaker = Assistant(first_message="Hello!", voice_facts=facts).warnings
    assert emotion.startswith("voice_facts: emotion is experimental")
    assert speaker.startswith("voice_facts: same_speaker is not looked at before")
    assert Assistant(first_message="Hello!", voice_facts=["rate"]).warnings == ()


def test_an_unknown_voice_fact_is_refused() -> None:
    with pytest.raises(AssistantError, match="voice_facts"):
        Assistant(voice_facts=["honesty"])


def test_a_missing_greeting_is_reported() -> None:
    assert Assistant().warnings == ("first_message: there is none, so the caller speaks first",)
    assert Assistant(first_message_mode="assistant-waits-for-user").warnings == ()


# Wrong values


def test_a_wrong_value_is_told_with_its_path_and_remedy() -> None:
    error = refusal(start_speaking_plan={"wait_seconds": 9})
    assert error.what == (
        "start_speaking_plan.wait_seconds: Input should be less than or equal to 5"
    )
    assert error.remedy == (
        "Give the silence that ends a caller's turn which is certainly over; none ends sooner,"
        " 0 to 5 seconds."
    )


def test_a_rule_must_be_a_regular_expression() -> None:
    rule = {"type": "customer", "regex": "(", "timeout_seconds": 1}
    error = refusal(start_speaking_plan={"custom_endpointing_rules": [rule]})
    assert "start_speaking_plan.custom_endpointing_rules.0.regex" in error.what
    assert "it is no regular expression" in error.what


@pytest.mark.parametrize("regex", ["(?=a)b", r"(a)\1", "a{9999999}"])
def test_a_rule_that_calls_might_wait_for_is_refused(regex: str) -> None:
    rule = {"type": "both", "customerRegex": regex, "timeoutSeconds": 1}
    error = refusal(startSpeakingPlan={"customEndpointingRules": [rule]})
    assert "customerRegex" in error.what
    assert "it is no regular expression" in error.what


def test_a_whole_number_may_be_written_as_vapis_sdk_does() -> None:
    assistant = Assistant.parse(
        {"stopSpeakingPlan": {"numWords": 2.0}, "model": {"maxTokens": 250.0}}
    )
    words, tokens = assistant.stop_speaking_plan.num_words, assistant.model.max_tokens
    assert [(type(n), n) for n in (words, tokens)] == [(int, 2), (int, 250)]
    for wrong in (2.5, float("inf"), float("nan"), "2", True):
        assert "num_words" in refusal(stop_speaking_plan={"num_words": wrong}).what


def test_one_delimiter_needs_no_list() -> None:
    plan = Assistant.parse({"keypadInputPlan": {"delimiters": "*"}}).keypad_input_plan
    assert plan.delimiters == ["*"]


@pytest.mark.parametrize("none", ["", [], [""]])
def test_there_may_be_no_delimiter(none: object) -> None:
    plan = Assistant.parse({"keypadInputPlan": {"delimiters": none}}).keypad_input_plan
    assert plan.delimiters == []


@pytest.mark.parametrize(
    "rule",
    [
        {"type": "assistant"},
        {"type": "customer", "customerRegex": "c"},
        {"type": "assistant", "regex": "a", "customerRegex": "c"},
        {"type": "both", "regex": "a"},
        {"type": "both"},
    ],
)
def test_a_rule_that_would_fit_everything_by_mistake_is_refused(rule: dict[str, str]) -> None:
    plan = {"customEndpointingRules": [{**rule, "timeoutSeconds": 1}]}
    assert ".0: a rule of type" in refusal(start_speaking_plan=plan).what


@pytest.mark.parametrize("hosted", ["vapi", "livekit", "custom-endpointing-model"])
def test_a_hosted_model_of_the_end_of_turns_is_kept_and_told(hosted: str) -> None:
    plan = {"smartEndpointingPlan": {"provider": hosted}, "transcriptionEndpointingPlan": {}}
    assistant = Assistant.parse({"firstMessage": "Hi", "startSpeakingPlan": plan})
    wire = assistant.wire()["startSpeakingPlan"]
    assert wire["smartEndpointingPlan"] == {"provider": hosted}
    model, text = assistant.warnings
    assert model.startswith(
        f"start_speaking_plan.smart_endpointing_plan.provider: {hosted} is not run here"
    )
    assert text.startswith("start_speaking_plan.transcription_endpointing_plan: smart_endpointing")


def start_warnings(**plan: Any) -> tuple[str, ...]:
    return Assistant(first_message="Hi", start_speaking_plan=plan).warnings


def test_what_a_wait_function_takes_the_place_of_is_told() -> None:
    plan = {"wait_function": "200 + 8000 * x"}
    assert start_warnings(smart_endpointing_plan=plan) == ()
    names = ("unsure_seconds", "longest_seconds", "patience_seconds", "assurance")
    by_text, *others = start_warnings(
        smart_endpointing_plan=plan,
        transcription_endpointing_plan={},
        **dict.fromkeys(names, 0.1),
    )
    assert by_text.startswith("start_speaking_plan.transcription_endpointing_plan: ")
    assert others == [
        f"start_speaking_plan.{name}: wait_function takes its place, so it has no effect"
        for name in names
    ]


@pytest.mark.parametrize("function", ["t < 30 ? x : 1", "200 + 8000 x", "log(x)", "import os"])
def test_a_wait_function_that_cannot_be_evaluated_is_refused(function: str) -> None:
    error = refusal(start_speaking_plan={"smart_endpointing_plan": {"wait_function": function}})
    assert error.what.startswith("start_speaking_plan.smart_endpointing_plan.wait_function: ")
    assert "200 + 8000 * x" in error.remedy


def test_times_below_the_minimum_are_told() -> None:
    assert start_warnings(wait_seconds=1.0) == ()
    rules = [
        {"type": "customer", "regex": "yes", "timeout_seconds": seconds} for seconds in (2.0, 0.5)
    ]
    less = {"unsure_seconds": 0.9, "longest_seconds": 0.8}
    less |= {"patience_seconds": 0.2, "assurance": 0.5}
    told = start_warnings(wait_seconds=1.0, custom_endpointing_rules=rules, **less)
    assert told == tuple(
        f"start_speaking_plan.{name}: it counts as wait_seconds (1), the minimum"
        for name in (
            "unsure_seconds",
            "longest_seconds",
            "custom_endpointing_rules.1.timeout_seconds",
        )
    )


@pytest.mark.parametrize(("words", "told"), [(0, False), (1, False), (2, True), (10, True)])
def test_a_voice_that_cannot_interrupt_is_told(words: int, told: bool) -> None:
    plan = {"num_words": words, "voice_seconds": 0.2}
    found = Assistant(first_message="Hi", stop_speaking_plan=plan).warnings
    assert bool(found) is told
    assert not found or found[0].startswith("stop_speaking_plan.voice_seconds: with num_words of")
    assert Assistant(first_message="Hi", stop_speaking_plan={"num_words": words}).warnings == ()


def test_all_wrong_values_are_told_at_once_and_none_is_repeated() -> None:
    error = refusal(first_message=["secret"], voice={"speed": "secret"}, model="secret")
    assert error.what == (
        "model: Input should be a valid dictionary or instance of Model; "
        "voice.speed: Input should be a valid number; "
        "first_message: Input should be a valid string"
    )
    assert error.remedy == "Give provider, model, messages and others."
    assert "secret" not in str(error)


def test_a_text_that_was_read_as_something_else() -> None:
    error = refusal(transcriber={"language": False})
    assert error.remedy == "Give a BCP 47 language tag. Put it in quotes."


def test_a_list_in_a_section_and_a_missing_field() -> None:
    error = refusal(model={"messages": [{"role": "user", "content": "a"}, {"role": "tool"}]})
    assert error.what == (
        "model.messages.1.role: Input should be 'system', 'user' or 'assistant'; "
        "model.messages.1.content: Field required"
    )
    assert error.remedy == "Give who is speaking: system, user or assistant."


def test_a_section_alone_raises_the_same_error() -> None:
    with pytest.raises(AssistantError, match="speed: Input should be less"):
        Voice(speed=9)


@pytest.mark.parametrize(
    ("path", "good", "bad"),
    [
        ("start_speaking_plan.wait_seconds", [0, 5], [-0.1, 5.1, float("nan"), True, "1", None]),
        ("start_speaking_plan.patience_seconds", [0, 5], [-0.1, 5.1, None]),
        ("start_speaking_plan.assurance", [0, 5], [-0.1, 5.1, None]),
        ("start_speaking_plan.unsure_seconds", [0, 5], [-0.1, 5.1]),
        ("start_speaking_plan.longest_seconds", [0, 10], [-0.1, 10.1]),
        ("stop_speaking_plan.num_words", [0, 10], [-1, 11, 1.5]),
        ("stop_speaking_plan.voice_seconds", [0, 2], [-0.1, 2.1]),
        ("stop_speaking_plan.backoff_seconds", [0, 10], [-0.1, 10.1]),
        ("message_plan.idle_timeout_seconds", [1, 3600], [0.9, 3601]),
        ("message_plan.idle_message_max_spoken_count", [1, 10], [0, 11]),
        ("message_plan.idle_messages", [[]], ["Hello?", [3]]),
        ("max_duration_seconds", [10, 43_200], [9, 43_201, float("inf")]),
        ("silence_timeout_seconds", [1, 3600], [0.9, 3601]),
        ("voice.speed", [0.25, 4], [0.2, 4.1]),
        ("voice.chunk_plan.max_words", [1], [0]),
        ("model.temperature", [0, 2, None], [-0.1, 2.1]),
        ("model.max_tokens", [1, None], [0]),
        ("model.replies", [["a"]], [[]]),
        ("first_message_mode", ["assistant-waits-for-user"], ["assistant-sings"]),
        ("first_message_interruptions_enabled", [True], ["yes", 1]),
    ],
)
def test_limits(path: str, good: list[Any], bad: list[Any]) -> None:
    *sections, field = path.split(".")

    def within(value: Any) -> dict[str, Any]:
        data = {field: value}
        for section in reversed(sections):
            data = {section: data}
        return data

    for value in good:
        Assistant.parse(within(value))
    for value in bad:
        with pytest.raises(AssistantError, match=rf"^{path}"):
            Assistant.parse(within(value))


def test_data_that_is_no_mapping() -> None:
    with pytest.raises(AssistantError, match="valid dictionary"):
        Assistant.parse([1])  # type: ignore[arg-type]


# The first message


def test_a_generated_first_message_needs_a_real_model() -> None:
    mode: FirstMessageMode = "assistant-speaks-first-with-model-generated-message"
    error = refusal(first_message_mode=mode)
    assert error.what == "first_message_mode: the scripted model cannot generate a first message"
    assert "assistant-speaks-first" in error.remedy
    assistant = Assistant(model=Model(provider="openai", model="m"), first_message_mode=mode)
    assert assistant.warnings == ()
    wrong_model = refusal(model=3, first_message_mode=mode)
    assert "cannot generate" not in str(wrong_model)


# Tools


def test_tools_are_functions_and_stay_off_the_wire() -> None:
    def now() -> str:
        return "noon"

    assistant = Assistant(first_message="Hi", tools=[now])
    assert assistant.tools == [now]
    assert "tools" not in assistant.wire()
    assert Assistant(tools=[]).tools == []


@pytest.mark.parametrize("tools", [["now"], [{"type": "function"}], "now", {"now": 1}])
def test_tools_cannot_be_named_in_data(tools: Any) -> None:
    error = refusal(tools=tools)
    says = "tools: tools are Python functions; only an assistant's file may name them"
    assert error.what == says
    assert error.remedy == "Give a list of functions, in a file as file.py:function."


# Prompts


def test_the_prompt_begins_with_the_system_prompt() -> None:
    hello = PromptMessage(role="user", content="Hello")
    assert Model(messages=[hello]).prompt() == [hello]
    assert Model(messages=[hello], system_prompt="Be kind.").prompt() == [
        PromptMessage(role="system", content="Be kind."),
        hello,
    ]


# The default


def test_the_default_assistant_greets_and_echoes() -> None:
    assistant = default_assistant()
    assert assistant.warnings == ()
    assert assistant.first_message
    assert assistant.model.provider == "scripted"
    assert all("{transcript}" in reply for reply in assistant.model.replies)


def test_the_package_alone_does_not_import_pydantic() -> None:
    code = "import sys, parley; print('pydantic' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
