from parley.audio.timing import Outgoing, Timing


def test_the_lead_is_20_ms_at_most_where_it_cannot_be_cleared() -> None:
    assert Timing(lead_s=0.15).allowed_lead_s == 0.15
    assert Timing(lead_s=0.15, can_clear=False).allowed_lead_s == 0.02
    assert Timing(lead_s=0.01, can_clear=False).allowed_lead_s == 0.01


def test_only_audio_is_something_to_send() -> None:
    assert not Outgoing()
    assert Outgoing(b"\0\0")
