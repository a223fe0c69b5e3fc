"""Who may come in."""

import pytest

from parley.errors import ConfigurationError
from parley.server.guard import Guard, is_loopback
from parley.server.serving import guard_for

ANYWHERE = "0.0.0.0"  # noqa: S104

LOCAL = guard_for("127.0.0.1", "")


@pytest.mark.parametrize(
    "host", ["localhost:8000", "LOCALHOST", "127.0.0.1:1", "[::1]:8000", "[::1]"]
)
def test_this_machine_knows_its_names(host: str) -> None:
    assert LOCAL.knows_host(host)


@pytest.mark.parametrize(
    "host", ["evil.example:8000", "localhost.evil.example", "", None, "[::1", "127.0.0.1.nip.io",
             "localhost:x"]
)  # fmt: skip
def test_a_name_that_was_made_to_point_here_is_refused(host: str | None) -> None:
    assert not LOCAL.knows_host(host)


def test_a_server_for_others_may_have_any_name_unless_it_has_some() -> None:
    assert guard_for(ANYWHERE, "secret").knows_host("parley.example")
    named = guard_for(ANYWHERE, "secret", ["Parley.example"])
    assert named.knows_host("parley.example:443")
    assert not named.knows_host("evil.example")


@pytest.mark.parametrize(
    ("origin", "host", "known"),
    [
        (None, "localhost:8000", True),
        ("http://localhost:8000", "localhost:8000", True),
        ("http://LOCALHOST:8000", "localhost:8000", True),
        ("https://parley.example", "parley.example", True),
        ("https://parley.example", "parley.example:443", True),
        ("http://localhost:8001", "localhost:8000", False),
        ("http://evil.example", "localhost:8000", False),
        ("http://localhost.evil.example:8000", "localhost:8000", False),
        ("null", "localhost:8000", False),
        ("", "localhost:8000", False),
        ("", "", False),
        ("http://[::1", "localhost:8000", False),
        ("file://", "", False),
    ],
)
def test_only_our_own_page_may_call(origin: str | None, host: str, known: bool) -> None:
    assert LOCAL.knows_origin(origin, host) is known


def test_without_a_key_everybody_knows_it() -> None:
    assert Guard().knows_key(None)


def test_a_key_comes_as_bearer_or_as_subprotocol() -> None:
    guard = Guard(key="s3cret")
    assert guard.knows_key("Bearer s3cret")
    assert guard.knows_key("bearer  s3cret")
    assert guard.knows_key(None, ["realtime", "openai-insecure-api-key.s3cret"])
    assert guard.knows_key("Bearer wrong", ["openai-insecure-api-key.s3cret"])


@pytest.mark.parametrize("given", [None, "", "s3cret", "Bearer", "Bearer ", "Basic s3cret",
                                   "Bearer s3cre", "Bearer s3crett", "Bearer \u00e9"])  # fmt: skip
def test_a_wrong_key_is_refused(given: str | None) -> None:
    assert not Guard(key="s3cret").knows_key(given, ["realtime", "s3cret"])


@pytest.mark.parametrize(
    ("host", "only"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("localhost", True), ("::1", True),
     ("[::1]", True), (ANYWHERE, False), ("::", False), ("192.168.1.5", False),
     ("example.org", False), ("", False)],
)  # fmt: skip
def test_what_only_this_machine_reaches(host: str, only: bool) -> None:
    assert is_loopback(host) is only


def test_nobody_serves_strangers_without_a_key() -> None:
    with pytest.raises(ConfigurationError, match="PARLEY_API_KEY") as raised:
        guard_for(ANYWHERE, "")
    assert "everybody" in raised.value.what
