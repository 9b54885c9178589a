#!/usr/bin/env python3
"""What limits the difficulty: other and larger models on the same data, each measured on files that it has not seen.

    research/limits.py --data DIR --real DIR        as in research/train.py; a few minutes

Rows: ridge regression on the filter's features; extra trees and a support vector machine with a Gaussian kernel on the
same; ridge regression on 200,000 n-grams of words and characters; and, to see how much of the difficulty the features
hold at all, ridge regression within each file (five folds), which no router can have for traffic it has not seen.
"""

import argparse

import numpy as np
from scipy.stats import rankdata
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import Ridge
from sklearn.model_selection import KFold, cross_val_predict
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR

import train

MODELS = {
    "ridge, features": lambda: make_pipeline(StandardScaler(), Ridge(300.0)),
    "extra trees, features": lambda: ExtraTreesRegressor(300, min_samples_leaf=8, max_features=0.2, n_jobs=-1, random_state=1),
    "Gaussian kernel, features": lambda: make_pipeline(StandardScaler(), SVR(C=0.3, gamma=0.002)),
}


def ngrams():
    words = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True, max_features=100_000)
    letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), min_df=2, sublinear_tf=True, max_features=100_000)
    return make_pipeline(make_union(words, letters), Ridge(3.0))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--real", required=True)
    parser.add_argument("--binary", default=str(train.ROOT / "target/release/tiergate"))
    args = parser.parse_args()
    corpus = [str(path) for path in sorted(train.ROOT.glob("tests/data/corpus*.jsonl"))]
    data = train.Data(args.binary, args.data, args.real, corpus)
    sets = [name for name, rows in data.rows.items() if rows and "models" in rows[0] and rows[0]["models"]]
    hard = {name: train.difficulty(data.rows[name]) for name in sets}
    target = {name: train.standard(rankdata(hard[name])) for name in sets}
    texts = {name: [row["prompt"] for row in data.rows[name]] for name in sets}
    print(f"{'':28s}" + "".join(f"{name[:12]:>13s}" for name in sets) + f"{'mean':>8s}")

    def told(title, values):
        print(f"{title:28s}" + "".join(f"{v:+13.3f}" for v in values) + f"{np.mean(values):+8.3f}", flush=True)

    for title, make in MODELS.items():
        found = []
        for name in sets:
            others = [n for n in train.TRAIN if n in sets and n != name]
            model = make().fit(np.vstack([data.x[n] for n in others]), np.concatenate([target[n] for n in others]))
            found.append(train.rho(model.predict(data.x[name]), hard[name]))
        told(title, found)
    found = []
    for name in sets:
        others = [n for n in train.TRAIN if n in sets and n != name]
        model = ngrams().fit(sum((texts[n] for n in others), []), np.concatenate([target[n] for n in others]))
        found.append(train.rho(model.predict(texts[name]), hard[name]))
    told("ridge, n-grams", found)
    folds = KFold(5, shuffle=True, random_state=1)
    found = [train.rho(cross_val_predict(MODELS["ridge, features"](), data.x[n], target[n], cv=folds), hard[n]) for n in sets]
    told("within each file", found)


if __name__ == "__main__":
    main()
