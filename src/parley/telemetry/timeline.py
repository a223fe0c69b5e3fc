"""A call as a human reads it: who did what when, and where the time went.

`timeline` is plain data, in groups that each begin when the caller begins to speak;
`render_timeline` and `render_waterfall` show it in a terminal of 80 columns or more.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from rich.console import Group as Renderables
from rich.console import RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from parley.core import actions as act
from parley.core import events as ev
from parley.core.trace import Step, Trace
from parley.telemetry.waterfall import Parts, TurnLatency, Waterfall, waterfall
