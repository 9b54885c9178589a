"""Tiers by three logistic regressions, with numpy: how likely an ask is at least MEDIUM, COMPLEX, REASONING.

Beside the labels they learn that nothing may change between a prompt and its translation, or the same prompt in other
clothes: every such difference of a sum costs its square.
"""

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

EDGES = 3


def above(labels):
    """How much of each label, given as shares of the four tiers, lies above each boundary."""
    return np.stack([labels[:, edge + 1:].sum(1) for edge in range(EDGES)], 1)


def fit(x, labels, weight, unlike, ridge):
    """`unlike` is the sum of the outer products of what must not matter, already weighed. Gives weights and intercepts."""
    size = x.shape[1]
    x = x.astype(np.float32)
    y, weight = above(labels).astype(np.float32), (weight / weight.sum()).astype(np.float32)[:, None]
    mean = weight[:, 0] @ x
    x = x - mean
    unlike = (unlike + ridge * np.eye(size)).astype(np.float32)

    def of(values):
        values = values.astype(np.float32)
        inner, bias = values[: size * EDGES].reshape(size, EDGES), values[size * EDGES:]
        sums = x @ inner + bias
        held = unlike @ inner
        loss = (weight * (np.logaddexp(0, sums) - y * sums)).sum() + 0.5 * (inner * held).sum()
        slope = weight * (expit(sums) - y)
        return float(loss), np.concatenate([(x.T @ slope + held).ravel(), slope.sum(0)]).astype(float)

    best = minimize(of, np.zeros(size * EDGES + EDGES), jac=True, method="L-BFGS-B", options={"maxiter": 80, "maxcor": 8}).x
    inner = best[: size * EDGES].reshape(size, EDGES)
    return inner, best[size * EDGES:] - mean @ inner


def likelihoods(sums):
    """How likely each row is above each boundary, never more likely above a higher one."""
    return np.minimum.accumulate(expit(sums), 1)


def tiers(likely, costs, bias=1.0):
    """The tier of each row where a tier too low costs so many times what one costs that is too high."""
    over = likely >= 1 / (1 + bias * np.asarray(costs))
    return np.minimum.accumulate(over, 1).sum(1)


def confidence(likely, told):
    rows = np.arange(len(told))
    full = np.hstack([np.ones((len(told), 1)), likely, np.zeros((len(told), 1))])
    return full[rows, told] - full[rows, told + 1]
