"""Which factors matter for a measure: indices by the design, and scores that any design allows."""

from __future__ import annotations

import numpy as np
import pandas as pd

from zhuanxing.analyses.sweep.design import problem
from zhuanxing.analyses.sweep.reading import SweepResult

__all__ = ["MORRIS", "SALTELLI", "importance", "indices"]

SALTELLI, MORRIS = "saltelli", "morris"
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
        design = result.identity["design"]
        method = str(design["method"])
        found = indices(method, x, y, int(design.get("levels", 0)))
        table = table.join(found.set_axis(table.index)) if len(found) else table
        order = {SALTELLI: "total", MORRIS: "mean_effect"}.get(method, order)
    return table.sort_values(order, ascending=False, kind="stable")


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


def indices(method: str, unit: np.ndarray, y: np.ndarray, levels: int = 0) -> pd.DataFrame:
    """Return what a design's own method says of each factor, for `y` [run] at `unit` [run, factor].

    Of saltelli `first_order` and `total` (Sobol' indices), of morris on `levels` levels
    `mean_effect` and `effect_spread` (in the unit of `y`, over the whole range of the factor), of
    other designs nothing.
    """
    asked = problem(unit.shape[1])
    if method == SALTELLI:
        from SALib.analyze import sobol

        # Sobol' estimators lose digits where the mean is far from zero.
        centred = (y - y.mean()) / y.std()
        found = sobol.analyze(
            asked, centred, calc_second_order=False, num_resamples=2, seed=SEED
        )  # fmt: skip
        return pd.DataFrame({"first_order": found["S1"], "total": found["ST"]})
    if method == MORRIS:
        from SALib.analyze import morris

        found = morris.analyze(asked, unit, y, num_levels=levels, seed=SEED)
        return pd.DataFrame({"mean_effect": found["mu_star"], "effect_spread": found["sigma"]})
    return pd.DataFrame()
