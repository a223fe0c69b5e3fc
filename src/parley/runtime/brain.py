"""Which language model the environment offers, if any.

    OPENAI_API_KEY, OPENAI_BASE_URL     OpenAI, or a server that speaks its protocol
    an Ollama on 127.0.0.1:11434        is used where neither of them is set
    PARLEY_MODEL                        the model's name; "none": no model, though one is there

Nothing but the names of models is asked for, and no key is kept: the provider reads it.
"""

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

from parley.assistants.model import Assistant, Model
from parley.errors import ConfigurationError, MissingExtraError
from parley.providers import registry
from parley.providers.llm.openai import OPENAI_URL, OpenAiModel

OLLAMA_URL = "http://127.0.0.1:11434"

DEFAULT_MODEL = "gpt-5.4-mini"
"""Of OpenAI's: the one that they advise where answers must come soon (developers.openai.com,
"Reasoning models")."""

THINKS = re.compile(r"gpt-(5\.[1-9]|6(\.\d+)?)(-(mini|nano|sol|terra|luna|astra))?")
AT_ONCE = {"extra_body": {"reasoning_effort": "none"}}
"""A caller does not wait for a model that thinks first; and with any other effort these
models refuse tools in /chat/completions."""

OLLAMA_LIMIT_S = 0.5
MODELS_LIMIT_S = 3.0
SIZE_LIMIT = 1 << 20

NONE = "none"


@dataclass(frozen=True, slots=True)
class Brain:
    """A language model that is there: `name` is for people, `model` for an assistant."""

    name: str
    model: Model


async def offered(environment: Mapping[str, str], *, ollama: str = OLLAMA_URL) -> Brain | None:
    """The language model that the environment offers; None where it offers none.

    Takes up to 3 seconds where a server must be asked. Raises ConfigurationError when the
    environment names what is not there.
    """
    wanted = environment.get("PARLEY_MODEL", "").strip()
    if wanted.lower() == NONE:
        return None
    key = environment.get("OPENAI_API_KEY", "").strip()
    if key or environment.get("OPENAI_BASE_URL", "").strip():
        return await _compatible(environment.get("OPENAI_BASE_URL", "").strip(), key, wanted)
    brain = await _ollama(ollama, wanted)
    if brain is None and wanted:
        raise ConfigurationError(
            f"PARLEY_MODEL is {wanted}, and there is nothing that runs it",
            remedy="Start Ollama, set OPENAI_API_KEY or OPENAI_BASE_URL, or PARLEY_MODEL=none.",
        )
    return brain


def with_brain(assistant: Assistant, brain: Brain) -> Assistant:
    """The assistant with a language model in place of its flow and of its scripted replies.

    What its model is told, and how it is to answer, stays as it is.
    """
    given = brain.model
    named = {"provider": given.provider, "model": given.model, "base_url": given.base_url}
    model = assistant.model.model_copy(update=named | (given.model_extra or {}))
    return assistant.model_copy(update={"flow": None, "model": model})


async def works(brain: Brain) -> None:
    """Raise ProviderError or ConfigurationError where the model does not answer, or not us."""
    model = registry.create("llm", brain.model.provider, brain.model.settings())
    try:
        await model.warm()
    finally:
        await model.aclose()


async def _compatible(base_url: str, key: str, wanted: str) -> Brain:
    """OpenAI itself, or a server like it."""
    own_key = {"api_key_env": "OPENAI_API_KEY"} if key else {}
    checked = OpenAiModel(wanted or DEFAULT_MODEL, base_url=base_url or OPENAI_URL, api_key=key)
    if checked.base_url == OPENAI_URL:
        name = wanted or DEFAULT_MODEL
        at_once = AT_ONCE if THINKS.fullmatch(name) else {}
        return _brain(name, "OpenAI", OPENAI_URL, own_key | at_once)
    name = wanted or await _first_model(checked.base_url, key)
    return _brain(name, str(urlsplit(checked.base_url).hostname), checked.base_url, own_key)


async def _first_model(base_url: str, key: str) -> str:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    answer = await _get(f"{base_url}/models", MODELS_LIMIT_S, headers)
    names = [entry.get("id") for entry in _list(answer, "data")]
    for name in names:
        if isinstance(name, str) and "embed" not in name.lower():
            return name
    raise ConfigurationError(
        f"{base_url} (OPENAI_BASE_URL) does not say which models it has",
        remedy="Is it running, and up to and with /v1? Else name a model with PARLEY_MODEL.",
    )


async def _ollama(url: str, wanted: str) -> Brain | None:
    """The model that is wanted, or the first that can be expected to use tools."""
    models = _list(await _get(f"{url}/api/tags", OLLAMA_LIMIT_S), "models")
    known = {str(model["name"]): model for model in models if "name" in model}
    if wanted:
        name = next((n for n in (wanted, f"{wanted}:latest") if n in known), None)
        if known and name is None:
            raise ConfigurationError(
                f"Ollama has no model {wanted} (PARLEY_MODEL)",
                remedy=f"Fetch it with: ollama pull {wanted}. It has: {', '.join(known)}.",
            )
    else:
        told = [n for n, m in known.items() if "tools" in _capabilities(m)]
        untold = [n for n, m in known.items() if not _capabilities(m) and "embed" not in n]
        name = next(iter([*told, *untold]), None)
    if name is None:
        return None
    at_once = AT_ONCE if "thinking" in _capabilities(known[name]) else {}
    return _brain(name, "Ollama", f"{url}/v1", at_once)


def _brain(name: str, where: str, base_url: str, settings: Mapping[str, Any]) -> Brain:
    if find_spec("openai") is None:
        raise MissingExtraError("openai", "openai")
    model = Model(provider="openai", model=name, base_url=base_url, **settings)
    return Brain(f"{name} ({where})", model)


def _capabilities(model: Mapping[str, Any]) -> list[Any]:
    told = model.get("capabilities")
    return told if isinstance(told, list) else []


def _list(answer: Any, key: str) -> list[dict[str, Any]]:
    found = answer.get(key) if isinstance(answer, dict) else None
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []


async def _get(url: str, limit_s: float, headers: Mapping[str, str] | None = None) -> Any:
    """The JSON at a URL, or None. No redirect is followed: it would take a key elsewhere."""
    try:
        async with asyncio.timeout(limit_s):
            return await asyncio.to_thread(_fetch, url, limit_s, dict(headers or {}))
    except (OSError, HTTPException, ValueError, RecursionError):  # TimeoutError is an OSError
        return None


def _fetch(url: str, limit_s: float, headers: dict[str, str]) -> Any:
    parts = urlsplit(url)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(str(parts.hostname), parts.port, timeout=limit_s)
    try:
        connection.request("GET", parts.path, headers={"Accept": "application/json", **headers})
        answer = connection.getresponse()
        return json.loads(answer.read(SIZE_LIMIT)) if answer.status == 200 else None
    finally:
        connection.close()
