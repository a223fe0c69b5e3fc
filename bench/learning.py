"""What is learned here: linear functions, by logistic regression."""

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


def fitted(values: Any, true: Any, weights: Any, ridge: float) -> Floats:
    """Weights of the values and of 1, `[n + 1]`: together the log-odds. `ridge` holds the
    weights of standardised values down."""
    values = values.astype(np.float64)
    mean, spread = values.mean(axis=0), values.std(axis=0)
    rows = np.column_stack(((values - mean) / spread, np.ones(len(values))))
    found = _regression(rows, true.astype(np.float64), weights, ridge)
    raw = found[:-1] / spread
    return np.append(raw, found[-1] - raw @ mean).astype(np.float32)


def _regression(rows: Any, true: Any, weights: Any, ridge: float) -> Any:
    """Logistic, by Newton's method; the last column is the constant."""
    fitted = np.zeros(rows.shape[1])
    penalty = np.append(np.full(len(fitted) - 1, ridge), 1e-6)
    for _ in range(20):
        probable = 1 / (1 + np.exp(-np.clip(rows @ fitted, -30, 30)))
        slope = rows.T @ (weights * (true - probable)) - penalty * fitted
        bend = (rows * (weights * probable * (1 - probable))[:, None]).T @ rows
        step = np.linalg.solve(bend + np.diag(penalty), slope)
        fitted += step
        if np.abs(step).max() < 1e-6:
            break
    return fitted
