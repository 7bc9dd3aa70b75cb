"""Trains from an artifacts folder with ONNX Runtime for Python and numpy, nothing else:

    npx ort-train artifacts --preset mnist-cnn --out artifacts/mnist-cnn
    python3 examples/python-train.py artifacts/mnist-cnn ../shared/data/mnist [steps]

Prints the loss of each step; the data are MNIST's gzipped IDX files, in file order.
"""
import gzip, json, os, struct, sys
import numpy as np

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # else it reports to its maker
import onnxruntime as ort

folder, data, steps = sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 10
manifest = json.load(open(os.path.join(folder, "manifest.json")))


def session(kind):
    path = os.path.join(folder, manifest["models"][kind]["file"])
    return ort.InferenceSession(path, providers=["CPUExecutionProvider"])


def run(model, feeds):
    wanted = {i.name: feeds[i.name] for i in model.get_inputs()}
    return dict(zip([o.name for o in model.get_outputs()], model.run(None, wanted)))


def flat(layout, checkpoint):
    """The vector that the manifest describes, out of the named weights of a safetensors file."""
    size = struct.unpack("<Q", checkpoint[:8])[0]
    header = json.loads(checkpoint[8 : 8 + size])
    vector = np.zeros(layout["size"], np.float32)
    for tensor in layout["tensors"]:
        start, end = (8 + size + at for at in header[tensor["name"]]["data_offsets"])
        values = np.frombuffer(checkpoint[start:end], "<f4")
        vector[tensor["offset"] : tensor["offset"] + len(values)] = values
    return vector


def idx(name, skip):
    with gzip.open(os.path.join(data, f"train-{name}-ubyte.gz")) as file:
        return np.frombuffer(file.read(), np.uint8)[skip:]


images = idx("images-idx3", 16).reshape(-1, *manifest["network"]["input"])
labels = idx("labels-idx1", 8)
checkpoint = open(os.path.join(folder, manifest["checkpoint"]["file"]), "rb").read()
training, optimizer = session("training"), session("optimizer")
state = {"params": flat(manifest["parameters"], checkpoint)}
state |= {name: flat(manifest[name], checkpoint) for name in ("buffers", "frozen")}
state |= {slot: np.zeros_like(state["params"]) for slot in manifest["optimizerSlots"]}
state["lr"] = np.array(1e-3, np.float32)

for step in range(1, steps + 1):
    batch = slice((step - 1) * 64, step * 64)
    state["step"] = np.array(step, np.float32)
    state["input"] = images[batch].astype(np.float32) / np.float32(255)
    state["target"] = labels[batch].astype(np.int32)
    results = run(training, state)
    print(step, float(results["loss"]))
    results |= run(optimizer, state | {"grad": results["grad"]})
    state |= {name.removesuffix("_next"): value for name, value in results.items() if name.endswith("_next")}
