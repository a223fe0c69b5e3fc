"""What an engine or vendor must be able to do to take part in a call.

Four small protocols, one per kind of provider. A provider declares what it is with
its capabilities; what it cannot do is refused at start-up, never faked. It raises
`parley.errors.ProviderError` (one of its branches) and nothing else. It never
retries and never falls back: that is decided in the core.

Every coroutine and iterator may be cancelled at any await; it must then release
what it holds within a second, and stop charging.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from parley.audio.formats import AudioFormat
from parley.core.listeners import primary


class Provider(Protocol):
    """What all providers share. One object serves many calls at the same time."""

    name: str

    async def warm(self) -> None:
        """Do now what would delay the first use: load, connect. May be called often."""

    async def aclose(self) -> None:
        """Release processes and connections. May be called often."""


# Speech to text


@dataclass(frozen=True, slots=True)
class SttCapabilities:
    """What a recogniser can do.

    `partials`: texts that still change are reported while the caller speaks.
    `word_times`: final results carry `words`.
    `finalizes`: `SttStream.finalize` brings the final result of what was pushed.
    `grammars`: `SttOptions.grammar` (JSGF) is honoured.
    `needs_voice`: it makes words of noise, and is to hear only what the voice detector
    takes for speech, with silence between.
    `finalize_after_s`: the silence after which `finalize` may be called. An engine that
    forgets what was said before a final result wants more than a breath.
    `languages`: those that it understands, as primary subtags; empty: not known here.
    """

    partials: bool = False
    word_times: bool = False
    finalizes: bool = False
    grammars: bool = False
    needs_voice: bool = False
    finalize_after_s: float = 0.15
    languages: tuple[str, ...] = ()

    def understands(self, language: str) -> bool:
        """Whether a BCP 47 tag is of a language that it understands, as far as that is known."""
        return not self.languages or primary(language) in self.languages


@dataclass(frozen=True, slots=True)
class SttOptions:
    """How to listen: a BCP 47 language tag, and a JSGF grammar where that is wanted."""

    language: str = "en"
    grammar: str | None = None


@dataclass(frozen=True, slots=True)
class TimedWord:
    """A word and when it was said, in seconds from the first sample that was pushed."""

    text: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class SttResult:
    """What was said in one segment, so far or for good.

    `segment` counts from 0; a final result closes its segment, and the next result
    belongs to the next one. A final result may be empty: nothing was said.
    `confidence` is 0 to 1, or None where the engine does not say. `turn_over` is how
    probable an engine that judges turns holds it to be that the turn ends here, 0 to 1;
    it may say so again, with the same text. `language` is the BCP 47 tag
    of what was spoken where the engine has told that apart by itself, never what it was set to.
    """

    segment: int
    text: str
    final: bool
    words: Sequence[TimedWord] = ()
    confidence: float | None = None
    turn_over: float | None = None
    language: str | None = None


class SttStream(Protocol):
    """One call's open recogniser. Iterate it for results; iteration ends after `aclose`."""

    def push(self, pcm: bytes) -> None:
        """Hand over the next audio (`parley.audio.formats.INBOUND`) without waiting.

        Raises ProviderTimeout when the engine is more than a few seconds behind.
        """

    def expect(self, grammar: str | None) -> None:
        """Listen for what the grammar (JSGF) describes, from the next utterance on.

        None: for what `SttOptions` said. It is a hint: words of the grammar in another order
        may come back. Asked only of a recogniser whose capabilities say `grammars`. A word
        that the recogniser does not know is passed over; a grammar that cannot be read ends
        the stream with ProviderRequestError.
        """

    def finalize(self) -> None:
        """Ask for the final result of everything pushed so far (may be empty)."""

    def __aiter__(self) -> AsyncIterator[SttResult]: ...

    async def aclose(self) -> None:
        """End the stream and release its engine."""


class SpeechToText(Provider, Protocol):
    """Turns the caller's audio into text."""

    capabilities: SttCapabilities

    async def open(self, options: SttOptions) -> SttStream:
        """Start listening to one call."""


# Language models


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A model's wish to run a tool; `arguments` is the JSON text as it came."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Message:
    """One entry of the conversation as a model sees it.

    `tool_calls` belong to an assistant's message; `tool_call_id` names the call
    that a tool's message answers.
    """

    role: Literal["system", "user", "assistant", "tool"]
    text: str
    tool_calls: Sequence[ToolCall] = ()
    tool_call_id: str | None = None


@dataclass(frozen=True, slots=True)
class ToolDefinition:
    """A tool as a model sees it; `parameters` is a JSON Schema object."""

    name: str
    description: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LlmRequest:
    """All that a model needs for one answer."""

    messages: Sequence[Message]
    tools: Sequence[ToolDefinition] = ()
    temperature: float | None = None
    max_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class LlmText:
    """A piece of the answer, in order."""

    text: str


@dataclass(frozen=True, slots=True)
class LlmUsage:
    """What the answer cost, in tokens; the last thing that a stream may yield."""

    input_tokens: int
    output_tokens: int


LlmPart = LlmText | ToolCall | LlmUsage


class LanguageModel(Provider, Protocol):
    """Answers in text and tool calls."""

    def stream(self, request: LlmRequest) -> AsyncIterator[LlmPart]:
        """Answer one request. Closing the iterator stops the generation at once."""


# Text to speech


@dataclass(frozen=True, slots=True)
class TtsCapabilities:
    """What a voice gives: its audio format, and whether chunks carry `words`."""

    format: AudioFormat
    word_times: bool = False


@dataclass(frozen=True, slots=True)
class TtsRequest:
    """One span of text to be spoken. `speed` 1 is the voice's own; `voice` None its default."""

    text: str
    language: str = "en"
    voice: str | None = None
    speed: float = 1.0


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """A word's place in the text (characters) and in the audio (samples), both half-open.

    Both count from the beginning of the request that they answer.
    """

    char_start: int
    char_end: int
    sample_start: int
    sample_end: int


@dataclass(frozen=True, slots=True)
class TtsChunk:
    """The next piece of audio, with the words that begin in it where the voice knows them."""

    pcm: bytes
    words: Sequence[SpokenWord] = ()


class TextToSpeech(Provider, Protocol):
    """Speaks."""

    capabilities: TtsCapabilities

    def synthesize(self, request: TtsRequest) -> AsyncIterator[TtsChunk]:
        """Speak one text. Closing the iterator stops the synthesis."""


# Speech to speech


@dataclass(frozen=True, slots=True)
class SpeechToSpeechCapabilities:
    """What a speech-to-speech model is; what is missing is refused, never faked.

    `owns_turns`: it decides itself when the caller's turn has ended.
    `truncatable`: its memory of a reply can be cut at what was heard.
    `full_duplex`: it listens while it speaks.
    `tools`: it can call tools.
    `late_transcripts`: the caller's words arrive after the reply has begun.
    """

    input: AudioFormat
    output: AudioFormat
    owns_turns: bool = False
    truncatable: bool = False
    full_duplex: bool = False
    tools: bool = False
    late_transcripts: bool = False


@dataclass(frozen=True, slots=True)
class SpeechPart:
    """A piece of a speech-to-speech reply: audio, its words, or both."""

    pcm: bytes = b""
    text: str = ""


class SpeechToSpeechStream(Protocol):
    """One call's open speech-to-speech session."""

    def push(self, pcm: bytes) -> None:
        """Hand over the next audio in the model's input format without waiting."""

    def respond(self) -> AsyncIterator[SpeechPart | ToolCall]:
        """Answer what was said. Closing the iterator cancels the answer."""

    async def truncate(self, heard_samples: int) -> None:
        """Cut the model's memory of its last reply at what was heard."""

    async def aclose(self) -> None:
        """End the session."""


class SpeechToSpeech(Provider, Protocol):
    """Hears and speaks by itself."""

    capabilities: SpeechToSpeechCapabilities

    async def open(
        self, instructions: str, tools: Sequence[ToolDefinition]
    ) -> SpeechToSpeechStream:
        """Start a session for one call."""
