"""A caller who is away is not asked whether they are there, and every hold ends once."""

from driver import play
from invariants import demand

from parley.core import actions as act


def check_holds(script: bytes) -> None:
    world = play(script)
    prompts = world.conversation.settings.silence.prompts
    away = ""
    for step in world.steps:
        for action in step.actions:
            if isinstance(action, act.HoldBegan):
                demand(not away, world, f"{action} in a hold")
                away = action.kind
            elif isinstance(action, act.HoldEnded):
                demand(away, world, f"{action} without a hold")
                away = ""
            elif isinstance(action, act.EndCall):
                demand(not away, world, "a hold outlives the call")
            elif isinstance(action, act.Synthesize):
                asks = action.cached and action.text in prompts
                demand(not (asks and away), world, f"{action.text!r} is asked on hold")
    demand(away == world.conversation.state.hold.kind, world, "the hold is another one")
