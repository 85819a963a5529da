"""Which factors matter for a measure: indices by the design, and scores that any design allows."""

from __future__ import annotations

import numpy as np
import pandas as pd

from zhuanxing.analyses.sweep.design import problem
from zhuanxing.analyses.sweep.reading import SweepResult

__all__ = ["importance"]

SEED = 0
TREES = 100
# More runs than this do not change the trees' scores, and cost minutes.
MOST_FOR_TREES = 4000
FEWEST_RUNS = 8


def importance(result: SweepResult, scenario: int, measured: np.ndarray) -> pd.DataFrame:
    """Return one row a factor, the most important first, for `measured` [run].

    Columns: `rank_correlation` (Spearman, -1 to 1), `tree_score` (extra trees, summing to 1), and
    by design `first_order` and `total` (Sobol' indices of a saltelli design) or `mean_effect` and
    `effect_spread` (Morris, in the measure's unit over the whole range of the factor). Indices
    need every run of the design, and are left out while some are missing.
    """
    sound = result.sound[scenario] & np.isfinite(measured)
    table = pd.DataFrame(index=pd.Index(result.factors, name="factor"))
    varies = sound.sum() >= FEWEST_RUNS and bool(np.ptp(measured[sound]) > 0)
    x, y = _unit(result)[sound], measured[sound]
    table["rank_correlation"] = _rank_correlation(x, y) if varies else 0.0
    table["tree_score"] = _tree_scores(x, y) if varies else 0.0
    order = "tree_score"
    if varies and sound.all():
        indices = _indices(result, y)
        table = table.join(indices) if indices is not None else table
        order = {"saltelli": "total", "morris": "mean_effect"}.get(_method(result), order)
    return table.sort_values(order, ascending=False, kind="stable")


def _method(result: SweepResult) -> str:
    return str(result.identity["design"]["method"])


def _unit(result: SweepResult) -> np.ndarray:
    """Return the design with every factor's range as 0 to 1."""
    low = result.dataset["factor_low"].values
    high = result.dataset["factor_high"].values
    width = np.where(high > low, high - low, 1.0)
    return np.asarray((result.design - low) / width)


def _rank_correlation(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    from scipy.stats import rankdata

    ranks = rankdata(x, axis=0) - (len(x) + 1) / 2
    target = rankdata(y) - (len(y) + 1) / 2
    norms = np.sqrt((ranks**2).sum(axis=0) * (target**2).sum())
    return np.asarray(np.divide(target @ ranks, norms, out=np.zeros(x.shape[1]), where=norms > 0))


def _tree_scores(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    from sklearn.ensemble import ExtraTreesRegressor

    chosen = np.random.default_rng(SEED).permutation(len(y))[:MOST_FOR_TREES]
    trees = ExtraTreesRegressor(TREES, max_features=0.6, min_samples_leaf=2, random_state=SEED)
    return np.asarray(trees.fit(x[chosen], y[chosen]).feature_importances_)


def _indices(result: SweepResult, y: np.ndarray) -> pd.DataFrame | None:
    count = len(result.factors)
    unit = problem(result.factors, [0.0] * count, [1.0] * count)
    if _method(result) == "saltelli":
        from SALib.analyze import sobol

        # Sobol' estimators lose digits where the mean is far from zero.
        centred = (y - y.mean()) / y.std()
        found = sobol.analyze(unit, centred, calc_second_order=False, seed=SEED)
        columns = {"first_order": found["S1"], "total": found["ST"]}
    elif _method(result) == "morris":
        from SALib.analyze import morris

        levels = int(result.identity["design"]["levels"])
        found = morris.analyze(unit, _unit(result), y, num_levels=levels, seed=SEED)
        columns = {"mean_effect": found["mu_star"], "effect_spread": found["sigma"]}
    else:
        return None
    return pd.DataFrame(columns, index=pd.Index(result.factors, name="factor"))
