"""Scores iris flowers: what `acideploy` runs behind the URL."""

import json
import os
import pickle

import numpy as np


def init():
    """Runs once, when the service starts: loads the registered model."""
    global model
    path = os.path.join(os.environ["AZUREML_MODEL_DIR"], "model.pkl")
    with open(path, "rb") as file:
        model = pickle.load(file)


def run(raw_data):
    """Runs for each request; `raw_data` is its body. What it returns is sent as JSON."""
    measurements = np.array(json.loads(raw_data)["data"])
    species = model["species"]
    predicted = model["classifier"].predict(measurements)
    return {"species": [species[index] for index in predicted]}
