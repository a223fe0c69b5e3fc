"""stub"""
from dataclasses import dataclass
@dataclass(frozen=True, slots=True)
class Window:
    probability: float
    rms_dbfs: float
    end_sample: int
    quarters_dbfs: tuple[float, ...] = ()
