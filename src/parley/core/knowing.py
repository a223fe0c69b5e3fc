"""What replies make known: values that were understood, and what the caller is asked.

Values count once a reply is promoted, its question once it begins to be heard: until
then, whoever says more answers the question before. A reply of which nothing was heard,
and whose tools did not run, never happened: what it had made known is taken back. What
counts when the call ends stays.
"""

from parley.core import actions as act
from parley.core import ending, speaking
from parley.core import events as ev
from parley.core.state import Context, Expectation, Knowledge, Reply


def open_question(ctx: Context) -> None:
    """The call begins: the caller is asked what the greeting asks."""
    chosen = ctx.settings
    asked = chosen.greeting_kind, chosen.greeting_question, chosen.greeting_grammar
    ctx.state.certain = Knowledge(expects=Expectation(*asked, chosen.greeting_digits))
    _announce(ctx, ctx.state.certain)


def understood(ctx: Context, event: ev.ReplyUnderstood) -> None:
    if reply := _generating(ctx, event.reply):
        reply.understood[event.name] = event.label, event.value


def expects(ctx: Context, event: ev.ReplyExpects) -> None:
    if reply := _generating(ctx, event.reply):
        reply.expects = Expectation(event.kind, event.question, event.grammar, event.digits)


def _generating(ctx: Context, reply_id: int) -> Reply | None:
    reply = speaking.live(ctx, reply_id)
    if reply is None or reply.generated:
        return None
    reply.progress = ctx.now
    return reply


def tell(ctx: Context) -> None:
    """Rule: what counts is told, and what does not count any more is taken back."""
    state = ctx.state
    if state.call.state == "ended":
        return
    if state.knowing:
        _tell_known(ctx)
    awaited = bool(ending.asked(ctx).kind) and not speaking.audible(ctx)
    if awaited != state.awaited:
        state.awaited = awaited
        ctx.do(act.AwaitAnswer(state.ear.leg, awaited))


def _tell_known(ctx: Context) -> None:
    state = ctx.state
    state.knowing = [r for r in state.knowing if _may_count(ctx, state.replies[r])]
    while state.knowing and not state.replies[state.knowing[0]].live:
        state.certain = _with(state.certain, state.replies[state.knowing.pop(0)])
    known = state.certain
    for reply in [state.replies[r] for r in state.knowing]:
        if reply.phase.state != "held":
            known = _with(known, reply)
    _announce(ctx, known)


def _may_count(ctx: Context, reply: Reply) -> bool:
    ran = (ctx.state.tools[t].ran for t in reply.tools)
    return reply.live or _was_asked(reply) or any(ran)


def _with(known: Knowledge, reply: Reply) -> Knowledge:
    """Both; what the caller was asked last is what is expected."""
    expects = reply.expects if reply.expects and _was_asked(reply) else known.expects
    return Knowledge(known.slots | reply.understood, expects)


def _was_asked(reply: Reply) -> bool:
    """Whether it is heard or was, or is complete without a word."""
    return reply.phase.state in ("speaking", "stopping", "done") or bool(reply.heard)


def _announce(ctx: Context, known: Knowledge) -> None:
    told = ctx.state.told
    for name in known.slots | told.slots:  # not a set: a replay has the same order
        label, value = known.slots.get(name) or (told.slots[name][0], "")
        if told.slots.get(name, (label, "")) != (label, value):
            ctx.do(act.Understood(name, label, value))
    if known.expects != told.expects:
        expected = known.expects
        leg = ctx.state.ear.leg
        ctx.do(act.Expect(leg, expected.kind, expected.question, expected.grammar))
    ctx.state.told = known
