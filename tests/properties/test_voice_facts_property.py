"""How the caller sounds changes nothing but what the responder is told."""

from collections.abc import Iterator
from dataclasses import fields, replace

from choices import scripts
from driver import World, play

from parley.core import CALLER, Conversation
from parley.core import actions as act
from parley.core import events as ev
from parley.core.history import Line
from parley.core.voicing import FACTS

SCRIPTS = 200


def described(world: World, *, consents: bool) -> Iterator[tuple[list[act.Action], Conversation]]:
    """The same call with every fact wanted, and told after each of its steps.

    Yields each step's actions, and the conversation after it.
    """
    settings = replace(world.conversation.settings, voice_facts=FACTS)
    conversation = Conversation(settings)
    if consents:
        conversation.handle(ev.ConsentRecorded(CALLER, "same_speaker", True, "yes"), 0.0)
    for number, step in enumerate(world.steps):
        yield conversation.handle(step.event, step.now), conversation
        at = conversation.state.ear.anchor + (number % 3 - 1)
        sounds = ev.VoiceDescribed(CALLER, at, 6.0, 1.0, 1.5, 0.5, "calm", 0.5, "de", 0.9)
        assert conversation.handle(sounds, step.now) == []


def plain(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    return tuple(replace(line, voice=None) for line in lines)


def test_the_call_goes_as_it_would_and_no_words_differ() -> None:
    heard = 0
    for number, script in enumerate(scripts(SCRIPTS)):
        world = play(script, lies=number % 2 == 0)
        steps = list(described(world, consents=number % 4 > 1))
        for step, (actions, _) in zip(world.steps, steps, strict=True):
            wanted = [a for a in actions if not isinstance(a, act.DescribeVoice)]
            assert tuple(wanted) == step.actions
        _, conversation = steps[-1]
        assert plain(conversation.transcript()) == world.conversation.transcript()
        heard += sum(line.voice is not None for line in conversation.transcript())
    assert heard > SCRIPTS / 10


def test_no_speaker_is_known_or_compared_without_a_consent() -> None:
    """Nor is any fact of a voice known of what the agent says."""
    known = 0
    for script in scripts(SCRIPTS // 2):
        world = play(script, lies=False)
        for consents in (False, True):
            steps = list(described(world, consents=consents))
            asked = [a for did, _ in steps for a in did if isinstance(a, act.DescribeVoice)]
            assert all(a.speaker is consents for a in asked)
            _, conversation = steps[-1]
            for line in conversation.transcript():
                assert line.voice is None or line.who == "caller"
                assert line.voice is None or line.voice.same_speaker is None or consents
                known += line.voice is not None and line.voice.same_speaker is not None
    assert known


def test_every_field_of_a_description_is_a_fact() -> None:
    names = {f.name for f in fields(ev.VoiceDescribed)} - {"leg", "at", "emotion_confidence"}
    assert names == set(FACTS)
