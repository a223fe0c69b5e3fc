"""A coarse tag of how roused somebody sounds, compared with themselves. Experimental.

Loudness, pitch and rate rise together with arousal, be it anger, joy or haste (Scherer 2003,
"Vocal communication of emotion"). That is all that is looked at: which emotion it is, and
whether it is one, cannot be told from them. It was not validated on emotional speech.
"""

from collections.abc import Sequence

CALM, NEUTRAL, AGITATED = "calm", "neutral", "agitated"

REMARKABLE = 1.0
"""Standard deviations above or below what is usual that count. Two measures must be so far: a
caller who comes nearer to the microphone is louder, and nothing else."""

MOST_CONFIDENCE = 0.6
"""What all three measures together are worth at best. A judgement, not a measurement."""


def arousal(deviations: Sequence[float | None]) -> tuple[str, float] | None:
    """The tag and its confidence, 0 to 0.6, from what three measures deviate; else None.

    The confidence grows with the distance from where the tag would change and with the number
    of measures. It is not calibrated.
    """
    known = sorted(d for d in deviations if d is not None)
    if len(known) < 2:
        return None
    above, below = known[-2], known[1]
    if above >= REMARKABLE:
        tag, margin = AGITATED, above - REMARKABLE
    elif below <= -REMARKABLE:
        tag, margin = CALM, -REMARKABLE - below
    else:
        tag, margin = NEUTRAL, min(REMARKABLE - above, REMARKABLE + below)
    return tag, MOST_CONFIDENCE * min(1.0, margin / REMARKABLE) * len(known) / len(deviations)
