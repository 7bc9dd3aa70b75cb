"""Runs the forward graphs that fuzz.ts draws in PyTorch's float64 and differentiates them: one JSON object a line in, one out."""

import json
import math
import sys

try:
    import torch
    import torch.nn.functional as F
except ImportError:
    sys.exit(0)

DTYPES = {"float32": torch.float64, "float64": torch.float64, "int32": torch.int64, "int64": torch.int64, "bool": torch.bool}


def pads_of(a):
    top, left, bottom, right = a["pads"]
    return (left, right, top, bottom)


def conv(x, w, bias=None, **a):
    return F.conv2d(F.pad(x, pads_of(a)), w, bias, a["strides"], 0, a["dilations"], a["group"])


def conv_transpose(x, w, bias=None, **a):
    """Without torch's limits on padding: the whole result is made and cut."""
    (sh, sw), (ph, pw) = a["strides"], a["output_padding"]
    y = F.conv_transpose2d(x, w, None, (sh, sw), 0, 0, a["group"], a["dilations"])
    y = F.pad(y, (0, pw, 0, ph))
    top, left, bottom, right = a["pads"]
    y = y[:, :, top : y.shape[2] - bottom, left : y.shape[3] - right]
    return y if bias is None else y + bias.reshape(1, -1, 1, 1)


def max_pool(x, **a):
    kernel, strides, dilations = a["kernel_shape"], a["strides"], a.get("dilations", [1, 1])
    if a.get("ceil_mode"):
        return F.max_pool2d(x, kernel, strides, a["pads"][:2], dilations, ceil_mode=True)
    return F.max_pool2d(F.pad(x, pads_of(a), value=-float("inf")), kernel, strides, 0, dilations)


def average_pool(x, **a):
    kernel, strides = a["kernel_shape"], a["strides"]
    if a.get("ceil_mode"):
        return F.avg_pool2d(x, kernel, strides, a["pads"][:2], True, bool(a["count_include_pad"]))
    size = kernel[0] * kernel[1]
    total = F.avg_pool2d(F.pad(x, pads_of(a)), kernel, strides) * size
    if a["count_include_pad"]:
        return total / size
    ones = F.pad(torch.ones_like(x), pads_of(a))
    return total / (F.avg_pool2d(ones, kernel, strides) * size)


def batch_norm_train(x, scale, bias, mean, var, **a):
    mean, var = mean.detach().clone(), var.detach().clone()
    y = F.batch_norm(x, mean, var, scale, bias, True, a["momentum"], a["eps"])
    axes = [i for i in range(x.dim()) if i != 1]
    batch_mean = x.mean(axes)
    inv_std = 1 / (x.var(axes, unbiased=False) + a["eps"]).sqrt()
    return y, batch_mean, inv_std, mean, var


def slice_(x, **a):
    for axis, start, end, step in zip(a["axes"], a["starts"], a["ends"], a["steps"]):
        size = x.shape[axis]
        index = list(range(size))[slice(start, end if end >= -size else None, step)] if step < 0 else list(range(size))[start:end:step]
        x = x.index_select(axis, torch.tensor(index, dtype=torch.int64))
    return x


def pad(x, **a):
    rank, mode = x.dim(), a.get("mode", "constant")
    for axis in range(rank):
        size, before, after = x.shape[axis], a["pads"][axis], a["pads"][rank + axis]
        places = range(-before, size + after)
        if mode == "constant":
            places = [i if 0 <= i < size else size for i in places]
            x = torch.cat([x, torch.zeros_like(x.narrow(axis, 0, 1))], axis)
        elif mode == "edge":
            places = [min(max(i, 0), size - 1) for i in places]
        else:
            places = [size - 1 - abs(size - 1 - abs(i)) for i in places]
        x = x.index_select(axis, torch.tensor(places, dtype=torch.int64))
    return x


def gemm(x, w, c=None, **a):
    y = a.get("alpha", 1) * ((x.T if a["transA"] else x) @ (w.T if a["transB"] else w))
    return y if c is None else y + a.get("beta", 1) * c


def reduce_(how):
    def run(x, **a):
        y = how(x, a["axes"])
        return y if not a["keepdims"] else y.reshape([1 if i in [k % x.dim() for k in a["axes"]] else n for i, n in enumerate(x.shape)])

    return run


OPS = {
    "Abs": torch.abs, "Neg": torch.neg, "Exp": torch.exp, "Log": torch.log, "Sqrt": torch.sqrt, "Reciprocal": torch.reciprocal,
    "Erf": torch.erf, "Relu": torch.relu, "Sigmoid": torch.sigmoid, "Tanh": torch.tanh, "Identity": lambda x: x + 0,
    "Sign": torch.sign, "Add": torch.add, "Sub": torch.sub, "Mul": torch.mul, "Div": torch.div, "Pow": torch.pow,
    "Max": torch.maximum, "Min": torch.minimum, "Equal": torch.eq, "Greater": torch.gt, "Less": torch.lt, "Where": torch.where,
    "Softmax": lambda x, axis: torch.softmax(x, axis), "LogSoftmax": lambda x, axis: torch.log_softmax(x, axis),
    "ReduceSum": reduce_(lambda x, axes: x.sum(axes)), "ReduceMean": reduce_(lambda x, axes: x.mean(axes)),
    "ReduceMax": reduce_(lambda x, axes: x.amax(axes)),
    "Conv": conv, "ConvTranspose": conv_transpose, "MaxPool": max_pool, "AveragePool": average_pool,
    "GlobalAveragePool": lambda x: x.mean([2, 3], keepdim=True),
    "BatchNormTrain": batch_norm_train,
    "BatchNormalization": lambda x, s, b, m, v, epsilon: F.batch_norm(x, m.detach(), v.detach(), s, b, False, 0, epsilon)
    if not (m.requires_grad or v.requires_grad)
    else (x - col(m, x)) / (col(v, x) + epsilon).sqrt() * col(s, x) + col(b, x),
    "MatMul": torch.matmul, "Gemm": gemm, "Slice": slice_, "Pad": pad,
    "Transpose": lambda x, perm: x.permute(perm), "Concat": lambda *xs, axis: torch.cat(xs, axis),
    "BundleGet": lambda x, slot, offset, shape: x[offset:offset + math.prod(shape)].reshape(shape),
    "BundlePack": lambda *xs, bundle: torch.cat([x.flatten() for x in xs]),
    "Cast": lambda x, to: x.to(DTYPES[to]),
    "ArgMax": lambda x, axis, keepdims: x.argmax(axis, keepdim=bool(keepdims)),
}


def col(v, x):
    return v.reshape([1, -1] + [1] * (x.dim() - 2))


def answer(task):
    values = {}
    for each in task["inputs"] + task["constants"]:
        values[each["name"]] = torch.tensor(each["data"], dtype=torch.float64).to(DTYPES[each["dtype"]]).reshape(each["shape"])
    leaves = {name: values[name].requires_grad_() for name in task["grads"].values()}
    for node in task["nodes"]:
        inputs = [None if name is None else values[name] for name in node["inputs"]]
        if node["op"] in ("Reshape", "Expand"):
            x = inputs[0]
            outputs = x.reshape(node["shape"]) if node["op"] == "Reshape" else x.expand(node["shape"])
        elif node["op"] == "Shape":
            outputs = torch.tensor(inputs[0].shape)
        elif node["op"] not in OPS:
            return {"error": "has no " + node["op"]}
        else:
            outputs = OPS[node["op"]](*inputs, **node["attrs"])
        for name, value in zip(node["outputs"], outputs if isinstance(outputs, tuple) else (outputs,)):
            values[name] = value
    results = {}
    for each in task["outputs"]:
        results[each["name"]] = values[each["value"]].detach().to(torch.float64).flatten().tolist()
    loss = next(values[each["value"]] for each in task["outputs"] if each["name"] == "loss")
    names = list(leaves)
    grads = torch.autograd.grad(loss, [leaves[name] for name in names], allow_unused=True)
    by_input = dict(zip(names, grads))
    for output, name in task["grads"].items():
        grad = by_input[name]
        results[output] = (torch.zeros_like(leaves[name]) if grad is None else grad).flatten().tolist()
    return {"results": results}


def main():
    torch.set_num_threads(1)
    print(torch.__version__, flush=True)
    for line in sys.stdin:
        try:
            said = answer(json.loads(line))
        except Exception as error:
            said = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(said), flush=True)


main()
