"""Providers that follow a script, for tests, demonstrations and simulations.

They need nothing but the running loop's time, so an hour of script costs a moment in
virtual time. A call that the script does not foresee raises `UnexpectedCall`, and so
does `assert_finished` (or the end of a `with` block) when a step was never asked for:

    with ScriptedLlm(["Hello there.", Fail(ProviderTimeout("llm", "slow"))]) as llm:
        ...

Providers are used by one call at a time. What they were asked is in `requests`.
"""

from parley.providers.scripted.llm import Answer, CallTool, LlmStep, RepliesLlm, ScriptedLlm
from parley.providers.scripted.script import Fail, Garbage, Stall, UnexpectedCall
from parley.providers.scripted.stt import Final, OnFinalize, Partial, ScriptedStt, SttStep
from parley.providers.scripted.tts import ScriptedTts, TtsStep

__all__ = [
    "Answer",
    "CallTool",
    "Fail",
    "Final",
    "Garbage",
    "LlmStep",
    "OnFinalize",
    "Partial",
    "RepliesLlm",
    "ScriptedLlm",
    "ScriptedStt",
    "ScriptedTts",
    "Stall",
    "SttStep",
    "TtsStep",
    "UnexpectedCall",
]
