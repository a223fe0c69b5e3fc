"""From an assistant's description to what runs."""

from dataclasses import fields, replace
from datetime import date
from pathlib import Path
from typing import Any, get_args

import pytest
from voices import LevelVad

from parley.assistants.flows import Dialogue, Flow
from parley.assistants.model import Assistant, VoiceFact
from parley.audio.ambience import Background
from parley.core.listeners import SOUNDS
from parley.core.phrases import ACKNOWLEDGEMENTS
from parley.core.settings import (
    HoldSettings,
    InterruptionSettings,
    PhraseSettings,
    Settings,
    ToolPhrase,
    cached_phrases,
)
from parley.core.voicing import FACTS
from parley.errors import AssistantError, ConfigurationError, MissingModelError
from parley.providers.protocols import SttCapabilities
from parley.providers.scripted import RepliesLlm, ScriptedStt, ScriptedTts
from parley.providers.tts import flite_worker
from parley.runtime import building
from parley.runtime.building import build_agent, opening, settings_for
from parley.runtime.responders import ModelResponder
from parley.runtime.stages import Stages
from parley.speech.endofturn_shared import SharedEndOfTurn


def settings(finalizes: bool = True, **described: Any) -> Settings:
    return settings_for(Assistant.parse(described), SttCapabilities(finalizes=finalizes))


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "shared_vad", LevelVad)


def test_what_an_assistant_does_not_say_is_as_usual() -> None:
    usual = Settings()
    found = settings()
    assert found.greeting == ""
    assert found.recovery == usual.recovery
    assert found.phrases == usual.phrases
    assert found.interruption.acknowledgements == ACKNOWLEDGEMENTS
    assert found.silence.end_after_s == 30.0
    assert found.turns == replace(
        usual.turns, recognizer_finalizes=found.turns.recognizer_finalizes
    )
    assert found.turns.speculation_limit == usual.turns.speculation_limit
    assert found.turns.speculation_waste == usual.turns.speculation_waste


def test_everything_that_it_says_counts() -> None:
    found = settings(
        firstMessage="Hi.",
        firstMessageInterruptionsEnabled=False,
        endCallMessage="Bye.",
        endCallPhrases=["goodbye now"],
        uninterruptiblePhrases=["is recorded"],
        maxDurationSeconds=77,
        silenceTimeoutSeconds=21,
        startSpeakingPlan={
            "waitSeconds": 0.7,
            "patienceSeconds": 0.2,
            "assurance": 1.5,
            "unsureSeconds": 0.9,
            "longestSeconds": 2.5,
            "speculationLimit": 2,
            "speculationWaste": 0.25,
        },
        stopSpeakingPlan={
            "numWords": 2,
            "voiceSeconds": 0.3,
            "acknowledgementPhrases": ["aha"],
            "interruptionPhrases": ["stop"],
        },
        messagePlan={
            "idleMessages": ["Hello?", "Still there?"],
            "idleTimeoutSeconds": 5,
            "idleMessageMaxSpokenCount": 3,
        },
    )
    assert found.greeting == "Hi."
    assert not found.greeting_interruptible
    assert not found.greeting_generated
    assert (found.end_message, found.end_phrases) == ("Bye.", ("goodbye now",))
    assert found.must_be_heard == ("is recorded",)
    assert (found.max_duration_s, found.turns.wait_s) == (77, 0.9)
    ending = found.turns.ending
    assert (ending.patience_s, ending.shortest_s, ending.longest_s) == (0.2, 0.7, 2.5)
    assert ending.assurance == 1.5
    assert (found.turns.speculation_limit, found.turns.speculation_waste) == (2, 0.25)
    stop = found.interruption
    assert stop.words == 2
    assert (stop.acknowledgements, stop.commands) == (("aha",), ("stop",))
    silence = found.silence
    assert (silence.prompt_after_s, silence.end_after_s) == (5, 21)
    assert silence.prompts == ("Hello?", "Still there?", "Hello?")
    assert {"Hi.", "Bye.", "Hello?", "Still there?"} <= set(cached_phrases(found))


def test_last_words_are_for_english_only_and_hesitations_of_the_language() -> None:
    assert settings().turns.ending == Settings().turns.ending
    assert settings(transcriber={"language": "en-GB"}).turns.ending == Settings().turns.ending
    german = settings(transcriber={"language": "de"}).turns.ending
    assert german.language == "de"
    assert "ähm" in german.hesitations
    assert "um" not in german.hesitations
    assert settings(transcriber={"language": "tlh"}).turns.ending.hesitations == SOUNDS


def option(kind: str, enabled: bool = True) -> dict[str, Any]:
    return {"type": kind, "enabled": enabled}


def test_how_a_transcript_ends_may_decide_how_long_the_pause_is() -> None:
    found = settings(
        startSpeakingPlan={"transcriptionEndpointingPlan": {"onPunctuationSeconds": 0.35}}
    ).turns.ending
    assert (found.on_stop_s, found.on_no_stop_s, found.on_number_s) == (0.35, 1.5, 0.5)


def test_the_wait_is_a_minimum_whatever_else_is_said() -> None:
    by_text = {"onPunctuationSeconds": 0.1, "onNumberSeconds": 2.0}
    plan = {"waitSeconds": 1.4, "transcriptionEndpointingPlan": by_text}
    turns = settings(startSpeakingPlan=plan).turns
    assert (turns.wait_s, turns.ending.shortest_s) == (1.4, 1.4)
    assert (turns.ending.on_stop_s, turns.ending.on_number_s) == (1.4, 2.0)


def test_a_rule_is_no_shorter_than_the_minimum() -> None:
    rules = [{"type": "customer", "regex": "a", "timeoutSeconds": s} for s in (0.1, 3.0)]
    found = settings(startSpeakingPlan={"waitSeconds": 0.8, "customEndpointingRules": rules})
    assert [rule.wait_s for rule in found.turns.ending.rules] == [0.8, 3.0]


def test_a_wait_function_gives_the_pauses() -> None:
    smart = {"provider": "livekit", "waitFunction": "20000 * x - 1000"}
    plan = {"smartEndpointingPlan": smart, "transcriptionEndpointingPlan": {}, "waitSeconds": 0.4}
    found = settings(startSpeakingPlan=plan).turns.ending
    assert found.curve_s[:1] + found.curve_s[10:12] + found.curve_s[-1:] == (0.4, 1.0, 1.2, 10.0)
    assert found.on_stop_s is None
    assert settings().turns.ending.curve_s == ()


@pytest.mark.parametrize(
    ("provider", "counts"),
    [("auto", True), ("off", True), ("smart-turn", False), ("livekit", False), ("vapi", False)],
)
def test_a_model_that_is_named_takes_precedence_over_the_transcript(
    provider: str, counts: bool
) -> None:
    chosen = {**plan(provider)["startSpeakingPlan"], "transcriptionEndpointingPlan": {}}
    found = settings(startSpeakingPlan=chosen).turns.ending
    assert found.on_no_stop_s == (1.5 if counts else None)


@pytest.mark.parametrize(
    ("rule", "wanted"),
    [
        ({"type": "assistant", "regex": "a"}, ("a", "")),
        ({"type": "customer", "regex": "c"}, ("", "c")),
        ({"type": "both", "assistantRegex": "a", "customerRegex": "c"}, ("a", "c")),
        (
            {"type": "customer", "regex": "c", "regexOptions": [option("whole-word")]},
            ("", r"\b(?:c)\b"),
        ),
        (
            {"type": "assistant", "regex": "a", "regexOptions": [option("ignore-case")]},
            ("(?i:a)", ""),
        ),
        (
            {"type": "assistant", "regex": "a", "regexOptions": [option("ignore-case", False)]},
            ("a", ""),
        ),
        (
            {
                "type": "both",
                "assistantRegex": "a",
                "assistantRegexOptions": [option("ignore-case")],
                "customerRegex": "c",
                "customerRegexOptions": [option("multi-line")],
            },
            ("(?i:a)", "(?m:c)"),
        ),
    ],
)
def test_rules_of_the_end_of_turns(rule: dict[str, Any], wanted: tuple[str, str]) -> None:
    rules = [{**rule, "timeoutSeconds": 2}]
    (found,) = settings(startSpeakingPlan={"customEndpointingRules": rules}).turns.ending.rules
    assert (found.agent, found.caller, found.wait_s) == (*wanted, 2.0)


def test_the_keypad() -> None:
    found = settings(keypadInputPlan={"timeoutSeconds": 4, "delimiters": ["#", "*"]}).keypad
    assert (found.enabled, found.wait_s, found.end_keys) == (True, 4.0, "#*")
    assert not settings(keypadInputPlan={"enabled": False}).keypad.enabled


@pytest.mark.usefixtures("scripted")
@pytest.mark.parametrize(
    ("facts", "measures"),
    [([], False), (["language"], False), (["rate", "rate"], True), (list(FACTS), True)],
)
def test_a_voice_is_measured_where_that_is_wanted(facts: list[str], measures: bool) -> None:
    agent = build_agent(Assistant.parse({"voiceFacts": facts}))
    assert agent.settings.voice_facts == tuple(dict.fromkeys(facts))
    assert (agent.describer is not None) is measures


def test_an_assistant_may_name_every_voice_fact() -> None:
    assert get_args(VoiceFact) == FACTS


def plan(provider: str) -> dict[str, Any]:
    return {"startSpeakingPlan": {"smartEndpointingPlan": {"provider": provider}}}


@pytest.mark.usefixtures("scripted")
def test_the_sound_of_turns_is_judged_where_the_model_is_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = SharedEndOfTurn(lambda _: 0.5)
    monkeypatch.setattr(building, "shared_end_of_turn", lambda: model)
    for provider, judges in (("auto", True), ("vapi", True), ("smart-turn", True), ("off", False)):
        agent = build_agent(Assistant.parse(plan(provider)))
        assert agent.end_of_turn is (model if judges else None)
        assert agent.settings.turns.judges is judges


@pytest.mark.usefixtures("scripted")
def test_a_model_that_was_not_fetched_is_missed_only_where_it_was_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def missing() -> SharedEndOfTurn:
        raise MissingModelError("smart-turn")

    monkeypatch.setattr(building, "shared_end_of_turn", missing)
    assert not build_agent(Assistant()).settings.turns.judges
    assert not build_agent(Assistant.parse(plan("livekit"))).settings.turns.judges
    with pytest.raises(MissingModelError, match="smart-turn"):
        build_agent(Assistant.parse(plan("smart-turn")))


def test_a_recogniser_is_asked_only_for_what_it_can_do() -> None:
    assert settings(finalizes=True).turns.recognizer_finalizes
    assert not settings(finalizes=False).turns.recognizer_finalizes


def test_words_that_come_while_one_speaks_are_waited_for() -> None:
    told, usual = settings_for(Assistant(), SttCapabilities(partials=True)), settings()
    assert told.turns.recognizer_partials
    assert not usual.turns.recognizer_partials
    assert told.interruption.wordless_s > 0.0
    named = Assistant.model_validate({"stop_speaking_plan": {"voice_seconds": 0.4}})
    it = settings_for(named, SttCapabilities(partials=True)).interruption
    assert (it.voice_s, it.wordless_s) == (0.4, 0.0)


def test_a_recogniser_that_makes_words_of_noise_is_believed_less() -> None:
    doubted = settings_for(Assistant(), SttCapabilities(needs_voice=True))
    for heard, usual in (
        (doubted.interruption, settings().interruption),
        (doubted.thinking, settings().thinking),
    ):
        assert heard.word < usual.word
        assert heard.speech > usual.speech
        assert heard.unjudged < usual.unjudged
        assert heard.crowd > usual.crowd
        assert heard.voice_s == usual.voice_s


def test_who_waits_does_not_greet() -> None:
    assert settings(firstMessage="Hi.", firstMessageMode="assistant-waits-for-user").greeting == ""


def test_how_long_a_caller_who_is_away_is_waited_for() -> None:
    plan = {"limitSeconds": 90, "patienceSeconds": 20, "phrases": ["brb"]}
    assert settings(holdPlan=plan).holding == HoldSettings(
        limit_s=90, phrases=("brb",), patience_s=20
    )
    german = settings(transcriber={"language": "de-DE"}).holding
    assert "einen moment" in german.phrases
    assert settings(transcriber={"language": "xx"}).holding.phrases == ()


def test_a_flow_may_begin_with_what_must_be_heard() -> None:
    node: dict[str, Any] = {
        "ask": "ok",
        "say": "Calls are recorded. Is that all right?",
        "next": "bye",
    }
    flow = {
        "start": "notice",
        "slots": {"ok": {"type": "yes_no"}},
        "nodes": {"notice": node, "bye": {"say": "Bye.", "end": True}},
    }
    for interruptible in (True, False):
        node["interruptible"] = interruptible
        found = opening(
            Assistant(flow=flow), Dialogue(Flow.model_validate(flow)), date(2026, 11, 28)
        )
        assert found["greeting_interruptible"] == interruptible


def test_a_flow_that_waits_for_the_caller_has_asked_nothing() -> None:
    flow = {
        "start": "day",
        "slots": {"day": {"type": "date", "label": "Day"}},
        "nodes": {"day": {"ask": "day", "say": "Which day?", "next": "bye"}, "bye": {"end": True}},
    }
    waiting = Assistant(flow=flow, first_message_mode="assistant-waits-for-user")
    found = opening(waiting, Dialogue(Flow.model_validate(flow)), date(2026, 11, 28))
    assert found == {"greeting_interruptible": True}


def test_a_greeting_may_be_generated() -> None:
    found = settings(
        model={"provider": "openai", "model": "x"},
        firstMessage="Hi.",
        firstMessageMode="assistant-speaks-first-with-model-generated-message",
    )
    assert (found.greeting, found.greeting_generated) == ("", True)


def test_no_words_at_all_do_not_interrupt() -> None:
    """VAPI's 0 stands for the voice alone; a word is the least that words can be."""
    assert settings(stopSpeakingPlan={"numWords": 0}).interruption.words == 1


def test_phrases_are_those_of_the_language() -> None:
    found = settings(transcriber={"provider": "scripted", "language": "de-AT"})
    assert "genau" in found.interruption.acknowledgements
    assert found.interruption.commands == ()
    assert "halt" in found.interruption.orders
    found = settings(stopSpeakingPlan={"numWords": 3, "backoffSeconds": 0.5})
    assert "wait" in found.interruption.commands
    assert found.thinking.commands == found.interruption.commands
    assert (found.interruption.backoff_s, found.thinking.words) == (0.5, 1)
    assert found.thinking.voice_s < found.interruption.voice_s


def test_idle_messages_may_be_left_out() -> None:
    assert settings(messagePlan={"idleMessages": []}).silence.prompts == ()


@pytest.mark.usefixtures("scripted")
def test_everything_that_it_names_is_made() -> None:
    async def book(what: str) -> str:
        """Book something."""
        return what

    assistant = Assistant(
        transcriber={"provider": "scripted", "language": "de", "steps": []},
        model={"provider": "scripted", "replies": ["Ja."], "systemPrompt": "Sei nett."},
        voice={
            "provider": "scripted",
            "voiceId": "anna",
            "speed": 1.5,
            "chunkPlan": {"firstClause": False, "maxWords": 7},
        },
        tools=[book],
    )
    stages = Stages()
    agent = build_agent(assistant, stages=lambda: stages)
    assert isinstance(agent.stt, ScriptedStt)
    assert isinstance(agent.voice.tts, ScriptedTts)
    assert isinstance(agent.others[0], RepliesLlm)
    assert isinstance(agent.responder(), ModelResponder)
    assert agent.responder() is not agent.responder()
    assert agent.stages() is stages
    assert (agent.stt_options.language, agent.voice.language) == ("de", "de")
    assert list(agent.tools) == ["book"]
    assert agent.chunking is not None
    assert (agent.chunking.first_clause, agent.chunking.max_words) == (False, 7)
    assert {f.name for f in fields(agent)} > {"gap_s"}


@pytest.mark.usefixtures("scripted")
@pytest.mark.parametrize(
    ("language", "voice", "engine"),
    [
        ("en-GB", {}, "flite"),
        ("en", {"voiceId": "slt"}, "flite"),
        ("en", {"voiceId": "en-gb+f3"}, "espeak"),
        ("de", {}, "espeak"),
        ("de", {"language": "en"}, "flite"),
    ],
)
def test_the_embedded_voice_is_told_what_it_will_be_asked_for(
    monkeypatch: pytest.MonkeyPatch, language: str, voice: dict[str, Any], engine: str
) -> None:
    monkeypatch.setattr(flite_worker, "find_voices", lambda: {"slt": Path("slt")})
    agent = build_agent(
        Assistant.parse(
            {"transcriber": {"provider": "scripted", "language": language, "steps": []}}
            | {"voice": voice}
        )
    )
    assert agent.voice.tts.name == engine


@pytest.mark.parametrize(
    ("section", "named", "says"),
    [
        ("transcriber", {"provider": "nobody"}, "no speech-to-text provider 'nobody'"),
        ("model", {"provider": "nobody"}, "no language model provider 'nobody'"),
        ("voice", {"provider": "nobody"}, "no text-to-speech provider 'nobody'"),
        ("voice", {"provider": "espeak", "colour": "red"}, "no setting 'colour'"),
        (
            "transcriber",
            {"provider": "scripted", "steps": [], "grammar": "#JSGF V1.0;"},
            "scripted knows no grammars",
        ),
    ],
)
def test_what_cannot_be_made_is_said(section: str, named: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        build_agent(Assistant.parse({section: named}))


def test_a_model_file_that_was_not_fetched_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise MissingModelError("silero-vad")

    monkeypatch.setattr(building, "shared_vad", missing)
    with pytest.raises(MissingModelError, match="parley models pull silero-vad"):
        build_agent(Assistant())


def test_the_agent_as_listener() -> None:
    assert not settings().attending.enabled
    words = {"backchannelWords": ["Mhm.", "Yes."], "backchannelFrequency": 0.5}
    attending = settings(enableBackchannel=True, **words).attending
    assert (attending.enabled, attending.words, attending.frequency) == (
        True,
        ("Mhm.", "Yes."),
        0.5,
    )


@pytest.mark.usefixtures("scripted")
def test_the_background() -> None:
    def background(sound: str) -> Background | None:
        scripted = {"provider": "scripted"}
        it = Assistant(voice=scripted, transcriber=scripted | {"steps": []}, background_sound=sound)
        return build_agent(it).background

    assert background("off") is background("https://h/office.mp3") is None
    office, typing = background("office"), background("typing")
    assert office is not None
    assert typing is not None
    assert (office.working_only, typing.working_only) == (False, True)
    with pytest.raises(AssistantError, match=r"background_sound: .*nowhere\.wav"):
        background("nowhere.wav")


def test_a_voice_counts_only_where_no_words_are_asked_for() -> None:
    usual = settings()
    for words in (0, 1):
        plan = {"numWords": words, "voiceSeconds": 0.3}
        made = settings(stopSpeakingPlan=plan)
        for stop, before in zip(phases(made), phases(usual), strict=True):
            assert (stop.words, stop.voice_s, stop.wordless_s) == (1, 0.3, 0.0)
            assert stop.by_voice
            assert before.by_voice
    for voice in ({}, {"voiceSeconds": 0.3}):
        made = settings(stopSpeakingPlan={"numWords": 3, **voice})
        assert (made.interruption.words, made.interruption.by_voice) == (3, False)
        assert made.interruption.voice_s == usual.interruption.voice_s
        # an agent that is not heard yet yields to any voice: the caller goes on
        assert made.thinking.by_voice
        assert (made.thinking.words, made.thinking.voice_s) == (1, usual.thinking.voice_s)


def phases(made: Settings) -> tuple[InterruptionSettings, InterruptionSettings]:
    return made.interruption, made.thinking


def test_what_is_said_while_the_caller_waits() -> None:
    usual = Settings()
    assert settings().phrases == usual.phrases
    assert settings().recovery == usual.recovery
    plan = {"thinkingMessages": ["Hm."], "workingMessages": [], "stillMessages": ["Still."]}
    start = {"type": "request-start", "content": "I look.", "tool": "book"}
    late = {"type": "request-response-delayed", "content": "Slow.", "timingMilliseconds": 2500}
    made = settings(waitingPlan={**plan, "delaySeconds": 2.0}, toolMessages=[start, late])
    assert made.recovery.filler_after_s == 2.0
    assert made.phrases.fillers == ("Hm.",)
    assert made.phrases.working == ()
    assert made.phrases.still == ("Still.",)
    assert made.phrases.tools == (ToolPhrase("book", "I look.", 0.0), ToolPhrase("", "Slow.", 2.5))


def test_what_is_said_when_something_has_gone_wrong() -> None:
    phrases = {
        "unclear": "unclearMessage",
        "apology": "apologyMessage",
        "lost_thread": "lostThreadMessage",
        "gap": "gapMessage",
        "failure_goodbye": "failureMessage",
        "silence_goodbye": "silenceTimeoutMessage",
        "duration_goodbye": "maxDurationMessage",
    }
    made = settings(messagePlan={name: name.upper() for name in phrases.values()})
    for ours, name in phrases.items():
        assert getattr(made.phrases, ours) == name.upper()
        assert name.upper() in cached_phrases(made)
    english = [f.name for f in fields(PhraseSettings) if isinstance(f.default, str)]
    assert english == list(phrases)


def test_a_language_that_no_caller_would_be_understood_in_is_refused() -> None:
    transcriber = {"provider": "deepgram", "apiKey": "k", "language": "fr"}
    described = Assistant.parse({"transcriber": transcriber})
    with pytest.raises(ConfigurationError, match=r"deepgram: .* language 'fr'"):
        build_agent(described)
