"""Speech to text that needs no account: the best that is on this machine."""

from typing import Literal

from parley.models import find_model
from parley.providers.protocols import SpeechToText
from parley.providers.stt.moonshine import MoonshineStt
from parley.providers.stt.pocketsphinx import PocketsphinxStt

EmbeddedName = Literal["moonshine", "pocketsphinx"]

ENGINES: dict[EmbeddedName, type[MoonshineStt] | type[PocketsphinxStt]] = {
    "moonshine": MoonshineStt,
    "pocketsphinx": PocketsphinxStt,
}


def embedded_name() -> EmbeddedName:
    """Moonshine where its model was fetched, else pocketsphinx."""
    return "moonshine" if find_model("moonshine").fetched else "pocketsphinx"


def embedded(*, ready: int = 1, maximum: int | None = None) -> SpeechToText:
    """Make it; `ready` processes are kept loaded, for `maximum` calls at most."""
    return ENGINES[embedded_name()](ready=ready, maximum=maximum)
