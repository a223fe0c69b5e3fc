"""Who takes the floor and who does not: random listeners' noises against real interruptions."""

from dataclasses import dataclass

from choices import Choices
from driver import World
from hypothesis import given, settings
from hypothesis import strategies as st

from parley.core import CALLER, Settings
from parley.core import actions as act
from parley.core import events as ev

STORY = (
    "Once upon a time there was a miller who had three sons.",
    "When he died he left the mill to the first, and the donkey to the second.",
    "The third was left with nothing but the cat.",
)
PROFILE = settings(derandomize=True, max_examples=150)


@dataclass(frozen=True)
class Sound:
    """What the caller utters: voiced for a while; words known after it began, or never."""

    voiced_s: float
    words: str
    words_after_s: float
    final_after_s: float


def seconds(low: float, high: float) -> st.SearchStrategy[float]:
    return st.integers(round(low * 100), round(high * 100)).map(lambda n: n / 100)


blips = st.builds(Sound, seconds(0.02, 0.35), st.just(""), st.just(0.1), seconds(0.2, 0.9))
acknowledgements = st.sampled_from(["mm-hmm", "Yeah.", "okay", "uh huh, right", "Oh really?"])
short = st.builds(Sound, seconds(0.05, 0.35), acknowledgements, seconds(0.1, 0.6), seconds(0.6, 2))
long = st.builds(Sound, seconds(0.4, 1.5), acknowledgements, seconds(0.1, 0.3), seconds(0.3, 2))
objections = st.sampled_from(["no wait", "Stop!", "yeah but I have a question", "no", "等一下"])
real = st.builds(Sound, seconds(0.2, 2), objections, seconds(0.1, 1.0), seconds(1.0, 2))


def telling() -> World:
    """An agent in the middle of its story."""
    world = World(Choices(b""), Settings(), lies=False, watch=None)
    world.tell(ev.Connected(CALLER))
    world.tell(ev.ListeningReady(CALLER))
    world.tell(ev.Transcript(CALLER, 0, "Tell me a story.", final=True))
    world.wait(0.6)
    for number, text in enumerate(STORY):
        world.tell(ev.ReplySpan(1, number, text, 80 * number, 80 * number + len(text)))
        world.tell(ev.SpanSynthesized(1, number, 4.0))
    world.tell(ev.ReplyGenerated(1))
    world.tell(ev.PlayoutStarted(CALLER, 1, world.now))
    world.tell(ev.Heard(CALLER, 1, 0, 20, world.now, estimated=False))
    return world


def utter(world: World, segment: int, sound: Sound) -> None:
    """Tell the voice's edges 60 ms late, and the words when they are known."""
    began = world.now
    final = max(sound.final_after_s, sound.words_after_s)
    facts = [
        (0.06, ev.SpeechStarted(CALLER, began)),
        (sound.voiced_s + 0.06, ev.SpeechStopped(CALLER, began + sound.voiced_s)),
        (sound.words_after_s, ev.Transcript(CALLER, segment, sound.words, final=False)),
        (final, ev.Transcript(CALLER, segment, sound.words, final=True)),
    ]
    for after, fact in sorted(facts, key=lambda f: f[0]):
        world.wait(max(0.0, began + after - world.now))
        world.tell(fact)


def taken(world: World, kind: type) -> list[act.Action]:
    return [a for s in world.steps for a in s.actions if isinstance(a, kind)]


def check_listener(sounds: list[Sound]) -> None:
    world = telling()
    for segment, sound in enumerate(sounds, 1):
        utter(world, segment, sound)
        world.wait(1.2)
        world.tell(ev.Heard(CALLER, 1, 0, 20, world.now, estimated=False))
    assert not taken(world, act.FloorYielded)
    assert not taken(world, act.CancelReply)
    assert len(taken(world, act.PausePlayout)) == len(taken(world, act.ResumePlayout))
    assert not world.paused
    world.tell(ev.PlayoutFinished(CALLER, 1, world.now))
    assert taken(world, act.ReplyEnded) == [act.ReplyEnded(1, "done", " ".join(STORY))]


@PROFILE
@given(st.lists(blips | short | long, min_size=1, max_size=4))
def test_a_listener_does_not_take_the_floor(sounds: list[Sound]) -> None:
    """Pains 2 and 3: backchannels interrupt; after a false interruption words are skipped."""
    check_listener(sounds)


@PROFILE
@given(st.lists(blips | short, max_size=2), real)
def test_an_objection_takes_the_floor(noises: list[Sound], objection: Sound) -> None:
    """Pain 2: "no wait" does take the floor; pain 12: and its words become a turn."""
    world = telling()
    for segment, sound in enumerate(noises, 1):
        utter(world, segment, sound)
        world.wait(1.2)
    utter(world, len(noises) + 1, objection)
    world.tell(ev.PlayoutCleared(CALLER))
    world.wait(2.0)
    assert len(taken(world, act.FloorYielded)) == 1
    assert taken(world, act.ReplyEnded)[0].outcome == "cancelled"
    turn = taken(world, act.TurnCommitted)[-1]
    assert turn.text.endswith(objection.words)
    assert world.conversation.transcript()[-2].interrupted
