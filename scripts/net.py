"""A network of one small hidden layer for the tier, with numpy.

Beside the labels it learns that nothing may change between a row and the same row in other clothes, nor between a
prompt and its translation. Several networks are fitted from different starts and averaged: their units stand side by
side in one.
"""

import numpy as np

NETS = 2
UNITS = 8
STEPS = 900
BATCH = 192
RATE = 0.004
DECAY = 0.05
# What a change of clothes costs, and a translation or a change of clothes of an unlabelled prompt: the square of the
# difference, times this.
CLOTHES = 8.0
PARALLEL = 30.0
# How much of a label's weight a row in other clothes has.
CHANGED = 0.3


class Net:
    """value(x) = max(0, x @ inner + begin) @ out + x @ skip + bias"""

    def __init__(self, inner, begin, out, skip, bias):
        self.inner, self.begin, self.out, self.skip, self.bias = inner, begin, out, skip, bias

    def __call__(self, x):
        return np.maximum(x @ self.inner + self.begin, 0) @ self.out + x @ self.skip + self.bias


def fit(x, y, weight, changed, origin, here, there):
    """`changed` rows are those of x at `origin` in other clothes; `here` and `there` are prompts and translations."""
    mean = x.mean(0)
    x, changed, here, there = ((m - mean).astype(np.float32) for m in (x, changed, here, there))
    weight, y = (weight / weight.mean()).astype(np.float32), y.astype(np.float32)
    found = [_fit_one(x, y, weight, changed, origin, here, there, seed) for seed in range(NETS)]
    inner = np.hstack([p[0] for p in found]).astype(float)
    begin = np.concatenate([p[1] for p in found]).astype(float) - mean @ inner
    out = np.concatenate([p[2] for p in found]).astype(float) / NETS
    skip = sum(p[3] for p in found).astype(float) / NETS
    bias = float(sum(p[4][0] for p in found)) / NETS - mean @ skip
    return Net(inner, begin, out, skip, bias)


def _fit_one(x, y, weight, changed, origin, here, there, seed):
    rng = np.random.default_rng(seed)
    size = x.shape[1]
    params = [
        rng.standard_normal((size, UNITS)) / np.sqrt(size), 0.1 * rng.standard_normal(UNITS),
        0.3 * rng.standard_normal(UNITS), np.zeros(size), np.array([y.mean()]),
    ]
    params = [p.astype(np.float32) for p in params]
    first, second = [np.zeros_like(p) for p in params], [np.zeros_like(p) for p in params]
    for step in range(1, STEPS + 1):
        i, j, k = (rng.integers(0, n, BATCH) for n in (len(x), len(changed), max(1, len(here))))
        parts = [x[i], changed[j], x[origin[j]]] + ([here[k], there[k]] if len(here) else [])
        rows = np.concatenate(parts)
        hidden = rows @ params[0] + params[1]
        on = np.maximum(hidden, 0)
        told = (on @ params[2] + rows @ params[3] + params[4]).reshape(-1, BATCH)
        slope = np.zeros_like(told)
        slope[0] = weight[i] * (told[0] - y[i])
        slope[1] = CHANGED * weight[origin[j]] * (told[1] - y[origin[j]])
        slope[1:3] += CLOTHES * np.stack([told[1] - told[2], told[2] - told[1]])
        if len(here):
            slope[3:] = PARALLEL * np.stack([told[3] - told[4], told[4] - told[3]])
        slope = slope.reshape(-1) / BATCH
        back = np.outer(slope, params[2]) * (hidden > 0)
        grads = [
            rows.T @ back + DECAY * params[0], back.sum(0), on.T @ slope + DECAY * params[2],
            rows.T @ slope + DECAY * params[3], np.array([slope.sum()]),
        ]
        # Adam; the rate falls to nearly nothing over the last two fifths.
        rate = RATE * min(1, (STEPS - step) / (STEPS * 0.4) + 0.02)
        for p, grad in enumerate(grads):
            first[p] = 0.9 * first[p] + 0.1 * grad
            second[p] = 0.98 * second[p] + 0.02 * grad**2
            params[p] = params[p] - rate * (first[p] / (1 - 0.9**step)) / (np.sqrt(second[p] / (1 - 0.98**step)) + 1e-6)
    return params
