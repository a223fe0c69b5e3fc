from parley.core import AT_FAULT, EndReason


def test_each_reason_says_who_was_at_fault() -> None:
    assert set(AT_FAULT) == set(EndReason)
    assert set(AT_FAULT.values()) == {
        "nobody", "caller", "network", "transcriber", "model", "voice", "transport", "platform",
    }  # fmt: skip


def test_reasons_are_their_own_text() -> None:
    assert EndReason("caller-hung-up") is EndReason.CALLER_HUNG_UP
    assert f"{EndReason.MODEL_FAILED}" == "model-failed"
