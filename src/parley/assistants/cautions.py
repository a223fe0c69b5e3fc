"""What an assistant says that will not be as its author may think, as "path: reason"."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from parley.core.listeners import primary
from parley.core.phrases import BACKCHANNELS

if TYPE_CHECKING:
    from parley.assistants.model import Assistant
    from parley.assistants.turntaking import StartSpeakingPlan, StopSpeakingPlan

HOSTED = ("vapi", "livekit", "custom-endpointing-model")
"""VAPI's models of the end of turns, for which ours stands."""

PAUSES, OF_EVIDENCE = ("unsure_seconds", "longest_seconds"), ("patience_seconds", "assurance")
"""Fields that are pauses, and those that say how much evidence makes of one."""


def endpointing(plan: "StartSpeakingPlan") -> list[str]:
    """What of the plan has no effect, or another one."""
    smart = plan.smart_endpointing_plan
    where, provider = "start_speaking_plan", smart.provider
    found = []
    if provider in HOSTED:
        found.append(
            f"{where}.smart_endpointing_plan.provider: {provider} is not run here; smart-turn"
            " stands for it where it was fetched"
        )
    takes_precedence = provider not in ("auto", "off") or smart.wait_function is not None
    if plan.transcription_endpointing_plan and takes_precedence:
        found.append(
            f"{where}.transcription_endpointing_plan: smart_endpointing_plan takes precedence, so"
            " it has no effect"
        )
    return [*found, *_waits(plan)]


def _waits(plan: "StartSpeakingPlan") -> Iterator[str]:
    """Times that another one outdoes."""
    where, least = "start_speaking_plan", f"wait_seconds ({plan.wait_seconds:g}), the minimum"
    given = plan.model_fields_set
    if plan.smart_endpointing_plan.wait_function is not None:
        for name in filter(given.__contains__, PAUSES + OF_EVIDENCE):
            yield f"{where}.{name}: wait_function takes its place, so it has no effect"
    else:
        for name in filter(given.__contains__, PAUSES):
            if getattr(plan, name) < plan.wait_seconds:
                yield f"{where}.{name}: it counts as {least}"
    for number, rule in enumerate(plan.custom_endpointing_rules):
        if rule.timeout_seconds < plan.wait_seconds:
            yield f"{where}.custom_endpointing_rules.{number}.timeout_seconds: it counts as {least}"


def interrupting(plan: "StopSpeakingPlan") -> list[str]:
    """What of the plan has no effect."""
    if plan.voice_seconds is None or plan.num_words < 2:
        return []
    return [
        f"stop_speaking_plan.voice_seconds: with num_words of {plan.num_words} only words interrupt"
        " the assistant, so it has no effect"
    ]


def english(assistant: "Assistant") -> list[str]:
    """Texts that are still English though the caller speaks something else."""
    language = assistant.transcriber.language
    if primary(language) == "en":
        return []
    usual, texts = type(assistant)(), []
    for plan in ("waiting_plan", "message_plan"):
        said, as_usual = (getattr(it, plan).model_dump() for it in (assistant, usual))
        texts += [f"{plan}.{n}" for n, text in said.items() if _is_usual(text, as_usual.get(n))]
    if assistant.backchanneling_enabled and assistant.backchannel_words == list(BACKCHANNELS):
        texts.append("backchannel_words")
    listed = ", ".join(texts)
    return [f"transcriber.language: it is {language}, but English are {listed}"] if texts else []


def _is_usual(text: object, usual: object) -> bool:
    return isinstance(text, str | list) and text == usual
