"""Streamed answers, piece by piece, as servers of the field send them."""

import json
from typing import Any

import pytest

from parley.errors import (
    ProviderAuthError,
    ProviderError,
    ProviderProtocolError,
    ProviderRateLimited,
    ProviderRequestError,
    ProviderTimeout,
    ProviderUnavailable,
)
from parley.providers.llm.chat_completions import (
    LINE_LIMIT,
    AnswerDecoder,
    request_body,
    status_error,
)
from parley.providers.protocols import (
    LlmPart,
    LlmRequest,
    LlmText,
    LlmUsage,
    Message,
    ToolCall,
    ToolDefinition,
)

DONE = b"data: [DONE]\n\n"


def event(delta: Any = None, finish: str | None = None, **fields: Any) -> bytes:
    """One event with one choice; `fields` are those of the chunk."""
    chunk = {"choices": [{"index": 0, "delta": delta or {}, "finish_reason": finish}], **fields}
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"


def call(index: int | None, id_: str | None, name: str | None, arguments: Any) -> bytes:
    """One event with one piece of a tool call; what is None is left out."""
    function = {"name": name, "arguments": arguments}
    piece = {
        "index": index,
        "id": id_,
        "function": {k: v for k, v in function.items() if v is not None},
    }
    return event({"tool_calls": [{k: v for k, v in piece.items() if v is not None}]})


def decode(*pieces: bytes) -> list[LlmPart]:
    decoder = AnswerDecoder("test")
    parts = [part for piece in pieces for part in decoder.receive(piece)]
    return parts + decoder.end()


def calls(*pieces: bytes) -> list[ToolCall]:
    parts = decode(*pieces, event(finish="tool_calls"), DONE)
    return [part for part in parts if isinstance(part, ToolCall)]


# Text


def test_text_is_passed_on_at_once_and_usage_last() -> None:
    decoder = AnswerDecoder("test")
    assert decoder.receive(event({"role": "assistant", "content": ""})) == []
    assert decoder.receive(event({"content": "Hel"})) == [LlmText("Hel")]
    assert decoder.receive(event({"content": "lo."})) == [LlmText("lo.")]
    assert decoder.receive(event(finish="stop")) == []
    usage = {"prompt_tokens": 7, "completion_tokens": 2}
    assert (
        decoder.receive(b'data: {"choices": [], "usage": %b}\n\n' % json.dumps(usage).encode())
        == []
    )
    assert not decoder.done
    assert decoder.receive(DONE) == []
    assert decoder.done
    assert decoder.end() == [LlmUsage(7, 2)]


def test_events_may_be_split_anywhere() -> None:
    stream = event({"content": "grüß"}) + event({"content": " dich"}, finish="stop") + DONE
    single = decode(*(bytes([b]) for b in stream))
    assert single == [LlmText("grüß"), LlmText(" dich")] == decode(stream)


def test_carriage_returns_comments_and_other_fields_are_no_events() -> None:
    parts = decode(
        b": keep-alive\r\n\r\nevent: message\r\nid: 4\r\n",
        event({"content": "hi"}, finish="stop").replace(b"\n", b"\r\n"),
        b"data:[DONE]\r\n\r\n",
    )
    assert parts == [LlmText("hi")]


def test_a_line_separator_within_the_text_does_not_end_the_event() -> None:
    raw = json.dumps({"choices": [{"delta": {"content": "a\u2028b"}}]}, ensure_ascii=False)
    parts = decode(b"data: " + raw.encode() + b"\n\n", DONE)
    assert parts == [LlmText("a\u2028b")]


def test_half_a_character_is_replaced() -> None:
    raw = b'data: {"choices": [{"delta": {"content": "a\\ud83d \\ud83d\\ude00"}}]}\n\n'
    assert decode(raw, DONE) == [LlmText("a\ufffd \U0001f600")]


def test_what_follows_done_is_ignored() -> None:
    assert decode(event({"content": "a"}), DONE + event({"content": "b"})) == [LlmText("a")]


def test_the_last_event_may_lack_its_line_end() -> None:
    assert decode(event({"content": "a"}, finish="stop").rstrip()) == [LlmText("a")]


def test_a_finish_reason_ends_the_answer_without_done() -> None:
    assert decode(event({"content": "a"}), event(finish="stop")) == [LlmText("a")]


def test_reasoning_is_dropped_and_a_refusal_is_spoken() -> None:
    parts = decode(
        event({"reasoning_content": "hmm", "content": None}),
        event({"reasoning": "hmm"}),
        event({"refusal": "I can't do that."}),
        event(finish="stop"),
        DONE,
    )
    assert parts == [LlmText("I can't do that.")]


@pytest.mark.parametrize(
    "nothing", [b'{"choices": []}', b'{"choices": null}', b'{"choices": [{"delta": null}]}', b"{}"]
)
def test_events_without_content_are_tolerated(nothing: bytes) -> None:
    parts = decode(b"data: " + nothing + b"\n\n", event({"content": "a"}, finish="stop"), DONE)
    assert parts == [LlmText("a")]


def test_of_several_usages_the_last_counts() -> None:
    parts = decode(
        event({"content": "a"}, usage={"prompt_tokens": 5, "completion_tokens": 1}),
        event(finish="stop", usage={"prompt_tokens": 5, "completion_tokens": None}),
        event(usage=None),
        DONE,
    )
    assert parts == [LlmText("a"), LlmUsage(5, 0)]


def test_an_answer_cut_at_its_limit_ends_and_says_so() -> None:
    decoder = AnswerDecoder("test")
    assert not decoder.cut
    assert decoder.receive(event({"content": "And so"}, finish="length")) == [LlmText("And so")]
    assert decoder.end() == []
    assert decoder.cut


# Tool calls


def test_pieces_are_joined_by_index() -> None:
    assert calls(
        call(0, "a", "book", ""),
        call(0, None, None, '{"day": '),
        call(1, "b", "cancel", "{}"),
        call(0, None, None, '"Monday"}'),
    ) == [ToolCall("a", "book", '{"day": "Monday"}'), ToolCall("b", "cancel", "{}")]


def test_id_and_name_repeated_with_every_piece_are_one_call() -> None:
    pieces = [call(0, "a", "book", text) for text in ('{"n":', " 1", "}")]
    assert calls(*pieces) == [ToolCall("a", "book", '{"n": 1}')]


def test_a_name_repeated_without_an_id_is_one_call_until_it_is_whole() -> None:
    made = calls(*[call(0, None, "book", text) for text in ('{"n":', "1}", '{"n": 2}')])
    assert [(c.name, c.arguments) for c in made] == [("book", '{"n":1}'), ("book", '{"n": 2}')]


def test_calls_that_all_have_index_0_are_told_apart_by_id() -> None:
    made = calls(call(0, "a", "add", '{"n": 1}'), call(0, "b", "add", '{"n": 1}'))
    assert [c.id for c in made] == ["a", "b"]


@pytest.mark.parametrize("index", [None, 0])
def test_whole_calls_without_ids_get_ids_of_their_own(index: int | None) -> None:
    made = calls(
        call(index, None, "add", '{"n": 1}'),
        call(index, None, "add", '{"n": 1}'),
        call(index, "", "now", ""),
        call(index, "", "later", {"n": 3}),
    )
    assert [(c.name, c.arguments) for c in made] == [
        ("add", '{"n": 1}'),
        ("add", '{"n": 1}'),
        ("now", ""),
        ("later", '{"n": 3}'),
    ]
    assert len({c.id for c in made}) == 4
    assert all(c.id for c in made)


def test_pieces_without_index_go_to_the_call_with_their_id_or_to_the_last() -> None:
    made = calls(
        call(None, "a", "x", '{"p'),
        call(None, "b", "y", '{"q'),
        call(None, "a", None, '": 1}'),
        call(None, None, None, '": 2}'),
    )
    assert made == [ToolCall("a", "x", '{"p": 1}'), ToolCall("b", "y", '{"q": 2}')]


def test_text_and_calls_of_one_answer_come_in_order() -> None:
    parts = decode(
        event({"content": "One moment."}), call(0, "a", "book", "{}"), event(finish="stop"), DONE
    )
    assert parts == [LlmText("One moment."), ToolCall("a", "book", "{}")]


def test_a_call_that_was_cut_at_the_limit_is_never_handed_out() -> None:
    with pytest.raises(ProviderProtocolError, match="cut at its token limit") as caught:
        decode(call(0, "a", "book", '{"day": "Mo'), event(finish="length"), DONE)
    assert caught.value.remedy == "Raise max_tokens."


def test_a_whole_call_survives_the_limit() -> None:
    parts = decode(call(0, "a", "book", "{}"), event(finish="length"), DONE)
    assert parts == [ToolCall("a", "book", "{}")]


# Failures


@pytest.mark.parametrize(
    "garbage",
    [
        b"data: {nonsense\n\n",
        b"data: 17\n\n",
        b"data: \xff\xfe\n\n",
        b'data: {"choices": {}}\n\n',
        b'data: {"choices": {"a": 1}}\n\n',
        b'data: {"choices": [3]}\n\n',
        b'data: {"choices": [{"delta": "text"}]}\n\n',
        event({"content": ["parts"]}),
        event({"content": 5}),
        event({"tool_calls": {"a": 1}}),
        event({"tool_calls": ["a"]}),
        event({"tool_calls": [{"function": "f"}]}),
        event({"tool_calls": [{"function": {"name": 3}}]}),
        event({"tool_calls": [{"function": {"name": "f", "arguments": 3}}]}),
        event(usage="many"),
        event(usage={"prompt_tokens": "many"}),
        b"<html><body>It works!</body></html>",
        b"data: " + b"x" * (LINE_LIMIT + 1),
        b"",
    ],
)
def test_garbage_is_a_protocol_error_that_repeats_none_of_it(garbage: bytes) -> None:
    with pytest.raises(ProviderProtocolError, match="its answer cannot be understood") as caught:
        decode(garbage)
    assert "text" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_an_id_that_is_a_number_is_made_text() -> None:
    made = calls(event({"tool_calls": [{"id": 3, "function": {"name": "f", "arguments": "{}"}}]}))
    assert made == [ToolCall("3", "f", "{}")]


def test_a_call_without_a_name_is_garbage() -> None:
    with pytest.raises(ProviderProtocolError, match="no name"):
        calls(call(0, "a", None, "{}"))


def test_a_stream_that_stops_in_the_middle_is_unavailable() -> None:
    with pytest.raises(ProviderUnavailable, match="stopped in the middle"):
        decode(event({"content": "And then"}))


def test_a_content_filter_is_a_refused_request() -> None:
    with pytest.raises(ProviderRequestError, match="content filter"):
        decode(event({"content": "And"}, finish="content_filter"))


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"code": 429, "message": "slow down"}, ProviderRateLimited),
        ({"code": "rate_limit_exceeded"}, ProviderRateLimited),
        ({"type": "rate_limit_error"}, ProviderRateLimited),
        ({"code": 400, "type": "BadRequestError"}, ProviderRequestError),
        ({"code": 502}, ProviderUnavailable),
        ({"code": None, "type": "server_error"}, ProviderUnavailable),
        ("boom", ProviderUnavailable),
    ],
)
def test_errors_within_the_stream(error: Any, kind: type[ProviderError]) -> None:
    with pytest.raises(kind) as caught:
        decode(event({"content": "a"}), b"data: %b\n\n" % json.dumps({"error": error}).encode())
    assert "boom" not in str(caught.value)
    assert "slow" not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (307, ProviderRequestError),
        (400, ProviderRequestError),
        (401, ProviderAuthError),
        (402, ProviderRateLimited),
        (403, ProviderAuthError),
        (404, ProviderRequestError),
        (408, ProviderTimeout),
        (422, ProviderRequestError),
        (429, ProviderRateLimited),
        (500, ProviderUnavailable),
        (529, ProviderUnavailable),
    ],
)
def test_what_a_status_means(status: int, kind: type[ProviderError]) -> None:
    error = status_error("test", status, " some_code")
    assert type(error) is kind
    assert f"HTTP status {status} some_code" in str(error)


# Requests


def test_a_plain_request() -> None:
    request = LlmRequest([Message("system", "Be kind."), Message("user", "Hello")])
    assert request_body(request, "m", "max_tokens") == {
        "model": "m",
        "stream": True,
        "messages": [
            {"role": "system", "content": "Be kind."},
            {"role": "user", "content": "Hello"},
        ],
    }


def test_a_request_with_everything() -> None:
    tool = ToolDefinition("book", "Books a table.", {"type": "object", "properties": {}})
    request = LlmRequest(
        [
            Message("assistant", "", [ToolCall("a", "book", "")]),
            Message("tool", "done", tool_call_id="a"),
            Message("assistant", "Wait.", [ToolCall("b", "book", '{"n": 1}')]),
        ],
        tools=[tool],
        temperature=0.0,
        max_tokens=50,
    )
    body = request_body(request, "m", "max_completion_tokens")
    assert body["messages"] == [
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {"id": "a", "type": "function", "function": {"name": "book", "arguments": "{}"}}
            ],
        },
        {"role": "tool", "content": "done", "tool_call_id": "a"},
        {
            "role": "assistant",
            "content": "Wait.",
            "tool_calls": [
                {
                    "id": "b",
                    "type": "function",
                    "function": {"name": "book", "arguments": '{"n": 1}'},
                }
            ],
        },
    ]
    assert body["tools"] == [
        {
            "type": "function",
            "function": {
                "name": "book",
                "description": "Books a table.",
                "parameters": {"type": "object", "properties": {}},
            },
        }
    ]
    assert body["temperature"] == 0.0
    assert body["max_completion_tokens"] == 50
