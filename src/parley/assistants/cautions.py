"""What an assistant says that will not be as its author may think, as "path: reason"."""

from typing import TYPE_CHECKING

from parley.core.listeners import primary
from parley.core.phrases import BACKCHANNELS

if TYPE_CHECKING:
    from parley.assistants.model import Assistant
    from parley.assistants.turntaking import StartSpeakingPlan

HOSTED = ("vapi", "livekit", "custom-endpointing-model")
"""VAPI's models of the end of turns, for which ours stands."""


def endpointing(plan: "StartSpeakingPlan") -> list[str]:
    """What of the plan has no effect, or another one."""
    where, provider = "start_speaking_plan", plan.smart_endpointing_plan.provider
    found = []
    if provider in HOSTED:
        found.append(
            f"{where}.smart_endpointing_plan.provider: {provider} is not run here; smart-turn"
            " stands for it where it was fetched"
        )
    if plan.transcription_endpointing_plan and provider not in ("auto", "off"):
        found.append(
            f"{where}.transcription_endpointing_plan: smart_endpointing_plan takes precedence, so"
            " it has no effect"
        )
    return found


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
