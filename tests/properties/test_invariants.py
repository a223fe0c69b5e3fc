"""The invariants of docs/ARCHITECTURE.md over random calls; see driver.py and invariants.py."""

from collections.abc import Callable

import away
import invariants
import keyed_in
import known
import listening_aloud
import patience
from choices import SETTINGS_BYTES, scripts
from driver import World, play
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parley.core.machines import TABLES, Machine

Test = Callable[..., None]


def calls(examples: int) -> Callable[[Test], Test]:
    """Run a test with as many random scripts, the same ones every time."""
    script = st.binary(min_size=SETTINGS_BYTES + 300, max_size=SETTINGS_BYTES + 500)
    profile = settings(
        derandomize=True,
        deadline=None,
        max_examples=examples,
        suppress_health_check=[HealthCheck.too_slow],
    )
    return lambda test: profile(given(script=script)(test))


@calls(120)
def test_events_of_dead_replies_change_nothing(script: bytes) -> None:
    """Pain 4: stale audio of the old reply plays after the new one starts."""
    invariants.check_dead_replies(script)


@calls(300)
def test_history_holds_only_what_was_heard(script: bytes) -> None:
    """Pains 5 and 6: unheard words in the history; the model isn't told that it was cut off."""
    invariants.check_history(script, lies=True)


@calls(300)
def test_history_misses_nothing_that_was_heard(script: bytes) -> None:
    """Pains 5 and 14: history misses what was heard; tool calls stay in progress."""
    invariants.check_history(script, lies=False)


@calls(300)
def test_no_state_without_a_deadline(script: bytes) -> None:
    """Pains 1, 14 and 20: stuck after an interruption; hanging tools; zombie sessions."""
    invariants.check_deadlines(script)


@calls(400)
def test_a_pause_is_resumed_or_cleared(script: bytes) -> None:
    """Pain 3: after a false interruption the agent stays silent."""
    invariants.check_floor(script)


@calls(400)
def test_what_is_cancelled_is_cleared(script: bytes) -> None:
    """Pains 4 and 28: barge-in leaves audio in the transport's buffer."""
    invariants.check_clear(script)


@calls(400)
def test_words_end_once(script: bytes) -> None:
    """Pain 12: a turn spoken at the wrong moment is dropped."""
    invariants.check_words(script, lies=True)


@calls(400)
def test_words_are_not_lost(script: bytes) -> None:
    """Pains 7, 10 and 12: short answers, first words, words in any phase are lost."""
    invariants.check_words(script, lies=False)


@calls(400)
def test_keys_are_not_lost(script: bytes) -> None:
    """Pain 12, for what is keyed in at the wrong moment."""
    keyed_in.check_keys(script)


@calls(400)
def test_what_is_known_is_what_was_understood(script: bytes) -> None:
    """What a reply has understood that nobody heard is kept, or what was heard is forgotten."""
    known.check_knowledge(script)


@calls(400)
def test_everything_ends_once(script: bytes) -> None:
    """Pains 13 and 14: speculation runs tools or answers stale text; tools that never end."""
    invariants.check_endings(script)


@calls(200)
def test_a_trace_replays(script: bytes) -> None:
    """Pain 30: debugging is archaeology."""
    invariants.check_trace(script)


@calls(500)
def test_something_is_heard_within_two_seconds(script: bytes) -> None:
    """Pains 1 and 15: silence while providers fail or stall, or while a tool runs."""
    patience.check_patience(script)


@calls(300)
def test_fillers_do_not_follow_the_answer(script: bytes) -> None:
    """Pain 15: the filler plays after the answer."""
    patience.check_fillers(script)


@calls(400)
def test_backchannels_are_no_replies(script: bytes) -> None:
    """The agent's "mm-hm" takes a turn, becomes a line of the history, or overlaps a reply."""
    listening_aloud.check_backchannels(script)


@calls(300)
def test_who_is_away_is_not_asked_whether_they_are_there(script: bytes) -> None:
    """On hold the agent talks to the music."""
    away.check_holds(script)


# The scripts reach everything

DEADLINES = {
    "answer", "backchannel", "clear", "end of turn", "ending", "filler", "final text", "held",
    "hold", "interruption", "judgement", "keys", "max duration", "media", "model", "patience",
    "pause", "playout", "quiet", "recogniser opens", "silence ends the call", "silence prompt",
    "sound", "stable partial", "starved", "tool", "utterance", "verdict", "voice", "whole word",
}  # fmt: skip


def test_every_transition_and_every_deadline_is_reached(monkeypatch) -> None:
    seen: set[tuple[str, str, str]] = set()
    fire = Machine.fire

    def note(machine: Machine, trigger: str) -> None:
        seen.add((machine.table.name, machine.state, trigger))
        fire(machine, trigger)

    monkeypatch.setattr(Machine, "fire", note)
    worlds: list[World] = [play(s, lies=n % 2 == 0) for n, s in enumerate(scripts(500))]
    expected = {(t.name, state, trigger) for t in TABLES for state, trigger in t.moves}
    assert seen == expected
    assert {name for world in worlds for name in world.fired} == DEADLINES
