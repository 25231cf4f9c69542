"""Trains the model that `model.pkl` already holds. Run it to train your own.

    pip install scikit-learn==1.7.2
    python train.py
"""

import pickle

from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

iris = load_iris()
classifier = LogisticRegression(max_iter=1000).fit(iris.data, iris.target)

with open("model.pkl", "wb") as file:
    pickle.dump({"classifier": classifier, "species": list(map(str, iris.target_names))}, file)

print(f"model.pkl: {classifier.score(iris.data, iris.target):.1%} of the training data right")
