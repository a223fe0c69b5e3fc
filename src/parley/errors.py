"""Every exception that Parley raises, in one tree.

    ParleyError
    ├── ConfigurationError          something the user wrote or installed must change
    │   ├── AssistantError          an assistant's file or model
    │   ├── MissingExtraError       a package that an extra installs
    │   └── MissingModelError       a model file that `parley models pull` fetches
    ├── AudioError                  a recording that cannot be read, or a format that does not fit
    ├── TraceError                  a trace that cannot be read, or that does not replay
    ├── TransportError              the caller's connection failed
    ├── ToolError                   a tool cannot be described, called or finished
    └── ProviderError               an engine or vendor failed during a call
        ├── ProviderUnavailable     not reachable, or its process died
        ├── ProviderTimeout         it took longer than its limit, or does not keep up
        ├── ProviderAuthError       the key is missing, wrong or lacks a right   (permanent)
        ├── ProviderRequestError    it refuses what was asked of it             (permanent)
        ├── ProviderRateLimited     too many requests, or a quota is used up
        └── ProviderProtocolError   it answered something that cannot be understood

A message says what failed and where; `remedy` says what the user can do about it.
No message holds a secret or a word that a caller said.
"""

from typing import ClassVar


class ParleyError(Exception):
    """The root of the tree.

    `what` names what failed and where; `remedy`, when known, what to do about it.
    """

    def __init__(self, what: str, *, remedy: str = "") -> None:
        super().__init__(f"{what}. {remedy}" if remedy else what)
        self.what = what
        self.remedy = remedy


class ConfigurationError(ParleyError):
    """Something that the user wrote or installed must change."""


class AssistantError(ConfigurationError):
    """An assistant's file or model is not valid."""


class MissingExtraError(ConfigurationError):
    """A feature needs a package that is not installed."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(
            f"the package {package!r} is not installed",
            remedy=f"Install it with: pip install 'parley[{extra}]'",
        )


class MissingModelError(ConfigurationError):
    """A model file is not in the cache folder."""

    def __init__(self, model: str) -> None:
        super().__init__(
            f"the model {model!r} is not on this machine",
            remedy=f"Fetch it once with: parley models pull {model}",
        )


class AudioError(ParleyError):
    """A recording cannot be read, or a format does not fit."""


class TraceError(ParleyError):
    """A trace cannot be read, or does not replay."""


class TransportError(ParleyError):
    """The caller's connection failed."""


class ToolError(ParleyError):
    """A tool cannot be described, called or finished."""


class ProviderError(ParleyError):
    """An engine or vendor failed during a call.

    `category` is the neutral name that the core's events carry. `permanent` says
    that the same request will fail again, so only another provider can help.
    """

    category: ClassVar[str] = "internal"
    permanent: ClassVar[bool] = False

    def __init__(self, provider: str, what: str, *, remedy: str = "") -> None:
        super().__init__(f"{provider}: {what}", remedy=remedy)
        self.provider = provider


class ProviderUnavailable(ProviderError):
    """Not reachable, or its process died."""

    category = "unavailable"


class ProviderTimeout(ProviderError):
    """It took longer than its limit, or does not keep up with the audio."""

    category = "timeout"


class ProviderAuthError(ProviderError):
    """The key is missing, wrong, or lacks a right."""

    category = "auth"
    permanent = True


class ProviderRequestError(ProviderError):
    """It refuses what was asked of it."""

    category = "request"
    permanent = True


class ProviderRateLimited(ProviderError):
    """Too many requests, or a quota is used up.

    `retry_after` is in seconds, where the provider said so.
    """

    category = "rate-limit"

    def __init__(
        self, provider: str, what: str, *, retry_after: float | None = None, remedy: str = ""
    ) -> None:
        super().__init__(provider, what, remedy=remedy)
        self.retry_after = retry_after


class ProviderProtocolError(ProviderError):
    """It answered something that cannot be understood."""

    category = "protocol"
