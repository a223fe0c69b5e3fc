"""An assistant: how it hears, thinks, speaks and takes turns.

The names are VAPI's (https://docs.vapi.ai/api-reference/assistants/create): snake_case in
Python and YAML, camelCase on the wire; both are read everywhere. What is not known here
is kept, written back, and reported by `Assistant.warnings`. A wrong value raises
AssistantError. Times are seconds.
"""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Literal, Self

from pydantic import (
    AliasChoices,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

from parley.assistants import cautions
from parley.assistants.flows.checking import problems
from parley.assistants.flows.model import Flow
from parley.assistants.problems import Locate, assistant_error, found_error, nowhere
from parley.assistants.sections import ProviderSection, Section, Whole
from parley.assistants.turntaking import StartSpeakingPlan, StopSpeakingPlan
from parley.core.phrases import BACKCHANNELS
from parley.core.settings import PhraseSettings

FirstMessageMode = Literal[
    "assistant-speaks-first",
    "assistant-waits-for-user",
    "assistant-speaks-first-with-model-generated-message",
]

VoiceFact = Literal[
    "loudness", "pitch", "rate", "hesitation", "emotion", "language", "same_speaker"
]

VOICE_FACT_WARNINGS = {
    "emotion": "is experimental: it was not validated on emotional speech",
    "same_speaker": "is not looked at before one of the assistant's tools has recorded the"
    " caller's consent (parley.record_consent)",
}


class Transcriber(ProviderSection):
    """How the assistant hears."""

    meant: ClassVar[Mapping[str, str]] = {"languages": ""}

    provider: str = Field(default="embedded", description="the name of a speech-to-text provider")
    language: str = Field(default="en", description="a BCP 47 language tag")
    grammar: str | None = Field(
        default=None, description="all that may be understood, as a JSGF grammar"
    )


class PromptMessage(Section):
    """A message that the model is given before the conversation."""

    role: Literal["system", "user", "assistant"] = Field(
        default="system", description="who is speaking: system, user or assistant"
    )
    content: str = Field(description="the text of the message")


class Model(ProviderSection):
    """How the assistant thinks.

    The provider `scripted` needs no model: it answers the caller's n-th turn with the
    n-th of `replies`, in which `{transcript}` stands for what the caller said.
    """

    provider: str = Field(default="scripted", description="the name of a language-model provider")
    model: str | None = Field(default=None, description="the name of the model")
    system_prompt: str | None = Field(
        default=None, description="what the model is told to be and do"
    )
    messages: list[PromptMessage] = Field(
        default=[], description="messages with a role and a content"
    )
    temperature: float | None = Field(default=None, ge=0, le=2, description="a number from 0 to 2")
    max_tokens: Whole | None = Field(default=None, ge=1, description="a whole number of at least 1")
    base_url: str | None = Field(
        default=None,
        validation_alias=AliasChoices("baseUrl", "url"),
        serialization_alias="url",
        description="the URL of an OpenAI-compatible server, up to and with /v1",
    )
    replies: list[str] = Field(
        default=["I heard: {transcript}"], min_length=1, description="at least one reply"
    )

    def prompt(self) -> list[PromptMessage]:
        """All messages that come before the conversation, `system_prompt` first."""
        if self.system_prompt is None:
            return list(self.messages)
        return [PromptMessage(role="system", content=self.system_prompt), *self.messages]

    def settings(self) -> dict[str, Any]:
        """The provider's settings, as `parley.providers.registry.create` takes them."""
        if self.provider == "scripted":
            return super().settings() | {"replies": self.replies}
        own = {"model": self.model, "base_url": self.base_url}
        return super().settings() | {k: v for k, v in own.items() if v is not None}


class ChunkPlan(Section):
    """How a reply is cut into pieces that are spoken one by one."""

    first_clause: bool = Field(
        default=True, description="true or false: whether the first piece may end at a clause"
    )
    max_words: Whole = Field(
        default=15, ge=1, description="words after which a sentence is cut, at least 1"
    )


class Voice(ProviderSection):
    """How the assistant speaks."""

    provider: str = Field(default="embedded", description="the name of a text-to-speech provider")
    voice_id: str | None = Field(
        default=None, description="the name of one of the provider's voices"
    )
    speed: float = Field(
        default=1.0, ge=0.25, le=4, description="a number from 0.25 to 4; 1 is normal"
    )
    chunk_plan: ChunkPlan = Field(default=ChunkPlan(), description="first_clause and max_words")


class ToolMessage(Section):
    """What the assistant says while a tool runs."""

    type: Literal["request-start", "request-response-delayed"] = Field(
        description="request-start: when the tool is called, unless something was said with it;"
        " request-response-delayed: when it takes long"
    )
    content: str = Field(min_length=1, description="a short text")
    tool: str = Field(
        default="", description="the tool's name; none: tools without messages of their own"
    )
    timing_milliseconds: Whole = Field(
        default=4000, ge=100, le=120_000, description="what is long, 100 to 120000 milliseconds"
    )


class WaitingPlan(Section):
    """What the assistant says when its answer is late: short texts, one after the other.

    Nothing is said where a list is empty.
    """

    thinking_messages: list[str] = Field(
        default=["Let me see.", "Let me think."],
        description="a list of texts, said while the model thinks",
    )
    working_messages: list[str] = Field(
        default=["Let me check that.", "One moment."],
        description="a list of texts, said while a tool runs",
    )
    still_messages: list[str] = Field(
        default=["Still working on it.", "Just a moment."],
        description="a list of texts, said when one of those was said before",
    )
    delay_seconds: float = Field(
        default=1.5, ge=0.5, le=10, description="the silence before the first, 0.5 to 10 seconds"
    )


class KeypadInputPlan(Section):
    """When what the caller keys in is taken for an answer."""

    enabled: bool = Field(default=True, description="false to take no keys")
    timeout_seconds: float = Field(
        default=2.0, ge=0, le=10, description="the time after the last key, 0 to 10 seconds"
    )
    delimiters: list[Literal["#", "*"]] = Field(
        default=["#"], description="a list of keys that end the input at once: # and *, or none"
    )

    @field_validator("delimiters", mode="before")
    @classmethod
    def _one_or_several(cls, delimiters: Any) -> Any:
        given = [delimiters] if isinstance(delimiters, str) else delimiters
        return [] if given == [""] else given


_USUAL = PhraseSettings()


class MessagePlan(Section):
    """What the assistant says when nobody speaks, or when something has gone wrong.

    All of it is English unless it is given.
    """

    idle_messages: list[str] = Field(
        default=["Are you still there?"], description="a list of texts, said one after the other"
    )
    idle_timeout_seconds: float = Field(
        default=10.0,
        ge=1,
        le=3600,
        description="the silence before each of them, 1 to 3600 seconds",
    )
    idle_message_max_spoken_count: Whole = Field(
        default=3,
        ge=1,
        le=10,
        description="how often one is said before the caller speaks again, 1 to 10",
    )
    silence_timeout_message: str = Field(
        default=_USUAL.silence_goodbye,
        min_length=1,
        description="what is said before silence ends the call",
    )
    max_duration_message: str = Field(
        default=_USUAL.duration_goodbye,
        min_length=1,
        description="what is said when the call has lasted max_duration_seconds",
    )
    unclear_message: str = Field(
        default=_USUAL.unclear, min_length=1, description="what is said to a voice without words"
    )
    gap_message: str = Field(
        default=_USUAL.gap,
        min_length=1,
        description="what is said to a caller whose sound has stopped in the middle",
    )
    apology_message: str = Field(
        default=_USUAL.apology, min_length=1, description="what is said when there is no answer"
    )
    lost_thread_message: str = Field(
        default=_USUAL.lost_thread,
        min_length=1,
        description="what is said when an answer breaks off",
    )
    failure_message: str = Field(
        default=_USUAL.failure_goodbye,
        min_length=1,
        description="what is said before failures end the call",
    )


class HoldPlan(Section):
    """How long the assistant waits for a caller who is away: on hold, or "one moment"."""

    limit_seconds: float = Field(
        default=300.0, ge=10, le=3600, description="the time on hold that ends the call, 10 to 3600"
    )
    phrases: list[str] | None = Field(
        default=None,
        description="a list of phrases with which a caller asks to wait; null for the language's",
    )
    patience_seconds: float = Field(
        default=60.0,
        ge=5,
        le=3600,
        description="the silence after such a phrase before the caller is asked, 5 to 3600 seconds",
    )


class SmartDenoisingPlan(Section):
    """Whether steady noise behind the caller is suppressed."""

    enabled: bool = Field(default=False, description="true or false; it needs parley[echo]")


class BackgroundSpeechDenoisingPlan(Section):
    """How the caller's sound is cleaned before anything hears it."""

    smart_denoising_plan: SmartDenoisingPlan = Field(
        default=SmartDenoisingPlan(), description="enabled"
    )


class Assistant(Section):
    """All of it. Every field has a default: `Assistant()` is complete and polite.

    The first message may be generated (`first_message_mode`) by any model but a scripted
    one, which needs a turn of the caller to answer. `tools` are plain functions, which an
    assistant's file may name (`load_assistant`); they are not read from or written to the wire.
    """

    name: str | None = Field(default=None, description="a name for people")
    model: Model = Field(default=Model(), description="provider, model, messages and others")
    flow: Flow | None = Field(
        default=None, description="start, slots and nodes: a dialogue that needs no model"
    )
    transcriber: Transcriber = Field(
        default=Transcriber(), description="provider, language and others"
    )
    voice: Voice = Field(default=Voice(), description="provider, voice_id, speed and others")
    first_message: str | None = Field(default=None, description="what the assistant says first")
    first_message_mode: FirstMessageMode = Field(
        default="assistant-speaks-first",
        description="assistant-speaks-first, assistant-waits-for-user or, with a language model,"
        " assistant-speaks-first-with-model-generated-message",
    )
    first_message_interruptions_enabled: bool = Field(
        default=True,
        description="true or false: whether the caller may interrupt the first message",
    )
    uninterruptible_phrases: list[str] = Field(
        default=[],
        description="a list of phrases, as of a legal disclosure: while the assistant says"
        " something with one of them the caller cannot interrupt it",
    )
    start_speaking_plan: StartSpeakingPlan = Field(
        default=StartSpeakingPlan(), description="wait_seconds and others"
    )
    stop_speaking_plan: StopSpeakingPlan = Field(
        default=StopSpeakingPlan(), description="num_words, voice_seconds and others"
    )
    backchanneling_enabled: bool = Field(
        default=False,
        validation_alias=AliasChoices(
            "backchannelingEnabled", "enableBackchannel", "enable_backchannel"
        ),
        serialization_alias="backchannelingEnabled",
        description="true or false: whether the assistant says mm-hm while the caller tells"
        " something long",
    )
    backchannel_words: list[str] = Field(
        default=list(BACKCHANNELS), min_length=1, description="what it says then, in turns"
    )
    backchannel_frequency: float = Field(
        default=1.0, ge=0, le=1, description="the share of suitable pauses, 0 to 1"
    )
    waiting_plan: WaitingPlan = Field(
        default=WaitingPlan(), description="thinking_messages, working_messages and others"
    )
    tool_messages: list[ToolMessage] = Field(
        default=[], description="a list of messages, each with type, content and tool"
    )
    background_sound: str = Field(
        default="off",
        description="off, office, typing (while a tool runs), or the path of a recording",
    )
    background_sound_level_db: float = Field(
        default=-45.0, ge=-80, le=-20, description="its level, -80 to -20 dB of full scale"
    )
    voice_facts: list[VoiceFact] = Field(
        default=[],
        description="a list of what the model is told of the caller's voice: loudness, pitch, rate,"
        " hesitation, emotion, language, same_speaker",
    )
    keypad_input_plan: KeypadInputPlan = Field(
        default=KeypadInputPlan(), description="enabled, timeout_seconds and delimiters"
    )
    echo_cancellation: Literal["auto", "on", "off"] = Field(
        default="auto",
        description="on, off, or auto: where the caller's side does not see to it and parley[echo]"
        " is installed",
    )
    background_speech_denoising_plan: BackgroundSpeechDenoisingPlan = Field(
        default=BackgroundSpeechDenoisingPlan(), description="smart_denoising_plan"
    )
    automatic_gain_control_enabled: bool = Field(
        default=False,
        description="true or false: whether a soft caller is made louder; it needs parley[echo]",
    )
    hold_plan: HoldPlan = Field(
        default=HoldPlan(), description="limit_seconds, patience_seconds and phrases"
    )
    message_plan: MessagePlan = Field(default=MessagePlan(), description="idle_messages and others")
    silence_timeout_seconds: float = Field(
        default=30.0, ge=1, le=3600, description="the silence that ends the call, 1 to 3600 seconds"
    )
    max_duration_seconds: float = Field(
        default=600.0,
        ge=10,
        le=43_200,
        description="the length of the longest call, 10 to 43200 seconds",
    )
    end_call_message: str | None = Field(default=None, description="what is said before hanging up")
    end_call_phrases: list[str] = Field(
        default=[],
        description="a list of phrases after which, said by the assistant, the call ends",
    )
    tools: list[Callable[..., Any]] = Field(
        default=[], exclude=True, description="a list of functions, in a file as file.py:function"
    )

    @field_validator("tools", mode="before")
    @classmethod
    def _tools_are_functions(cls, tools: Any) -> Any:
        if isinstance(tools, list) and all(callable(tool) for tool in tools):
            return tools
        raise PydanticCustomError(
            "tools", "tools are Python functions; only an assistant's file may name them"
        )

    @field_validator("echo_cancellation", mode="before")
    @classmethod
    def _on_and_off_of_yaml(cls, value: Any) -> Any:
        """YAML reads these words as true and false."""
        return {True: "on", False: "off"}[value] if isinstance(value, bool) else value

    @field_validator("first_message_mode")
    @classmethod
    def _something_to_say_first(cls, mode: str, info: ValidationInfo) -> str:
        model = info.data.get("model")
        if mode.endswith("model-generated-message") and model and model.provider == "scripted":
            raise PydanticCustomError("mode", "the scripted model cannot generate a first message")
        return mode

    @classmethod
    def parse(cls, data: Mapping[str, Any], locate: Locate = nowhere) -> Self:
        """An assistant from JSON-like data; `locate` says where a path was written."""
        try:
            assistant = cls.model_validate(data)
        except ValidationError as error:
            raise assistant_error(cls, error, locate) from None
        if assistant.flow and (found := problems(assistant.flow)):
            raise found_error([(("flow", *p.path), p.what, p.remedy) for p in found], locate)
        return assistant

    def wire(self) -> dict[str, Any]:
        """JSON-like data in camelCase, without tools and without what is None."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was understood but may not be what was meant, as "path: reason"."""
        found = [f"{path}: {reason}" for path, reason in self.unknown()]
        if self.first_message_mode == "assistant-speaks-first" and not self.first_message:
            found.append("first_message: there is none, so the caller speaks first")
        if "://" in self.background_sound:
            found.append("background_sound: nothing is fetched, so it is off; give a file's path")
        found += cautions.endpointing(self.start_speaking_plan)
        found += cautions.interrupting(self.stop_speaking_plan)
        found += cautions.english(self)
        warned = [fact for fact in VOICE_FACT_WARNINGS if fact in self.voice_facts]
        found += [f"voice_facts: {fact} {VOICE_FACT_WARNINGS[fact]}" for fact in warned]
        return tuple(found)


def default_assistant() -> Assistant:
    """An assistant that needs no model: it greets, and repeats what it has understood."""
    return Assistant(
        name="Parley",
        first_message="Hello, this is Parley. What can I do for you?",
        model=Model(
            replies=[
                "I heard: {transcript}. Please tell me more.",
                "Thank you. I heard: {transcript}",
            ]
        ),
        end_call_message="Thank you for calling. Goodbye.",
    )
