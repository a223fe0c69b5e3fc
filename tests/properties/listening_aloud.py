"""A backchannel is no reply: it takes no turn, is no line of the history, overlaps nothing."""

from driver import Step, World, play
from invariants import demand, found

from parley.core import actions as act
from parley.core.state import AgentTurn


def check_backchannels(script: bytes) -> None:
    world = play(script, watch=Listener().take)
    said = {a.reply: a for a in found(world.steps, act.Backchannel)}
    lines = {h.reply for h in world.conversation.state.history if isinstance(h, AgentTurn)}
    demand(not lines & set(said), world, "a backchannel is in the history")
    demand(not set(world.conversation.state.replies) & set(said), world, "one is a reply")
    for action in found(world.steps, act.PromoteReply | act.PlayReply | act.ReplyEnded):
        demand(action.reply not in said, world, f"{action} of a backchannel")


class Listener:
    """Who is heard, and when the last backchannel was."""

    def __init__(self) -> None:
        self.sounding: set[int] = set()
        self.last: float | None = None

    def take(self, world: World, step: Step) -> None:
        for action in step.actions:
            if isinstance(action, act.PlayReply):
                self.sounding.add(action.reply)
            elif isinstance(action, act.ReplyEnded):
                self.sounding.discard(action.reply)
            elif isinstance(action, act.Backchannel):
                self._check(world, step.now)

    def _check(self, world: World, now: float) -> None:
        demand(not self.sounding, world, f"a backchannel over {self.sounding}")
        state, rules = world.conversation.state, world.conversation.settings.attending
        demand(rules.enabled, world, "a backchannel that nobody wanted")
        demand(state.call.state == "active", world, "a backchannel without a call")
        often = self.last is not None and now - self.last < rules.gap_s - 1e-9
        demand(not often, world, "one backchannel after the other")
        self.last = now
