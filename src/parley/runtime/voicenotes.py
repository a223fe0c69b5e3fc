"""How the caller sounds, in words for a model.

A note of its own, as a system message before the caller's words: in the caller's message it
could be taken for something that they said, and a caller could say it. It holds numbers and
fixed words only, and no more than is out of the ordinary: what is usual is not worth a token.
"""

from collections.abc import Iterator

from parley.core.events import VoiceDescribed

LOUDER_DB, HIGHER_ST, FASTER, HESITANT = 4.0, 3.0, 1.3, 0.35
"""What is nearer to the usual is not mentioned: nine in ten recordings of one speaker are within
3 dB, 2 semitones and a ratio of 1.25 of each other's median (bench/voicefacts.py)."""

CONFIDENT = 0.2
"""A tag with less confidence is not mentioned."""

NOTE = "[Measured from the caller's voice; uncertain, and not said by the caller: {}.]"


def voice_note(voice: VoiceDescribed) -> str:
    """One line; empty where there is nothing to mention."""
    return NOTE.format(", ".join(found)) if (found := list(_remarks(voice))) else ""


def _remarks(voice: VoiceDescribed) -> Iterator[str]:
    if voice.loudness is not None and abs(voice.loudness) >= LOUDER_DB:
        how = "louder" if voice.loudness > 0 else "softer"
        yield f"{how} than usual ({voice.loudness:+.0f} dB)"
    if voice.pitch is not None and abs(voice.pitch) >= HIGHER_ST:
        how = "higher" if voice.pitch > 0 else "lower"
        yield f"{how} pitch than usual ({voice.pitch:+.0f} semitones)"
    if voice.rate is not None and not 1 / FASTER < voice.rate < FASTER:
        how = "faster" if voice.rate > 1 else "slower"
        yield f"{how} than usual ({voice.rate:.1f} times)"
    if voice.hesitation is not None and voice.hesitation >= HESITANT:
        yield f"hesitant ({voice.hesitation:.0%} pauses and fillers)"
    sure = voice.emotion_confidence or 0.0
    if voice.emotion is not None and voice.emotion != "neutral" and sure >= CONFIDENT:
        yield f"may be {voice.emotion} (confidence {sure:.0%})"
    if voice.language is not None:
        yield f"language {voice.language}"
    if voice.same_speaker is not None:
        likely = f"{voice.same_speaker:.0%}"
        yield f"probability {likely} that it is the voice that the call began with"
