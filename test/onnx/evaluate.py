"""Evaluates a model with ONNX's own reference implementation: evaluate.py FOLDER, which holds model.onnx and feeds.json,
by input {"dtype", "shape", "data"}; writes results.json, by output {"shape", "data"}."""

import json
import os
import sys

import numpy as np
from onnx.reference import ReferenceEvaluator

folder = sys.argv[1]
with open(os.path.join(folder, "feeds.json")) as file:
    feeds = {
        name: np.array(feed["data"], dtype=feed["dtype"]).reshape(feed["shape"])
        for name, feed in json.load(file).items()
    }
model = ReferenceEvaluator(os.path.join(folder, "model.onnx"))
results = {
    name: {"shape": list(np.shape(value)), "data": np.asarray(value, dtype=np.float64).ravel().tolist()}
    for name, value in zip(model.output_names, model.run(None, feeds))
}
with open(os.path.join(folder, "results.json"), "w") as file:
    json.dump(results, file)
