"""Losses, courses and mixed batches with soft targets, of PyTorch and torchvision: python make.py > soft-targets.json

Losses and courses are in float64, mixed batches in float32, bit for bit. The numbers that they start from come from `fill`, so
that the tests make the same ones; network, batches and optimizers are those of ../clip/make.py.
"""
import json
import sys
from itertools import product
from pathlib import Path
from unittest.mock import patch

import torch
import torchvision
from torch.nn import functional as F
from torchvision.transforms import v2

sys.path.insert(0, str(Path(__file__).parent.parent / "clip"))
from make import EVERY, OPTIMIZERS, STEPS, batch, fill, network  # noqa: E402

CLASSES = 3


def loss_case(reduction, smoothing):
    n, c = 5, 7
    logits = torch.from_numpy(fill(1, n * c)).reshape(n, c).double().mul(4).requires_grad_()
    raw = torch.from_numpy(fill(2, n * c)).reshape(n, c).double() + 1
    # Multiples of 2^-10, so that float32 has them exactly; a row need not sum to 1.
    targets = (raw / raw.sum(1, keepdim=True) * 1024).round() / 1024
    loss = F.cross_entropy(logits, targets, reduction=reduction, label_smoothing=smoothing)
    loss.backward()
    return {
        "reduction": reduction, "smoothing": smoothing, "targets": targets.flatten().tolist(),
        "loss": loss.item(), "grad": logits.grad.flatten().tolist(),
    }


def soft(labels, i):
    """Each label and that of the image before it, the first one's that of the last, in parts that change from batch to batch,
    so that in half of the batches it is not the label that has the larger one."""
    share = (i % 4 + 1) * 3 / 16
    hot = F.one_hot(labels, CLASSES).double()
    return hot * (1 - share) + hot.roll(1, 0) * share


def course(kind, accumulate, smoothing):
    net = network()
    optimizer = OPTIMIZERS[kind](net.parameters())
    losses, correct, i = [], [], 0
    for step in range(STEPS):
        count = 2 if accumulate > 1 and step == STEPS - 1 else accumulate
        optimizer.zero_grad()
        for _ in range(count):
            x, labels = batch(i)
            logits = net(x)
            loss = F.cross_entropy(logits, soft(labels, i), label_smoothing=smoothing)
            losses.append(loss.item())
            correct.append((logits.argmax(1) == labels).sum().item())
            (loss / count).backward()
            i += 1
        optimizer.step()
    flat = torch.cat([p.detach().flatten() for p in net.parameters()])
    buffers = torch.cat([b.flatten() for name, b in net.named_buffers() if "num_batches" not in name])
    return {
        "optimizer": kind, "accumulate": accumulate, "smoothing": smoothing, "losses": losses, "correct": correct,
        "params": flat[::EVERY].tolist(), "buffers": buffers.tolist(),
    }


SHAPE = (3, 2, 4, 6)


def mixed(kind, lam, centre=(0, 0)):
    """What torchvision makes of a batch where it draws this lambda and this centre of the box (x, y)."""
    n, channels, height, width = SHAPE
    images = torch.from_numpy(fill(3, n * channels * height * width)).reshape(SHAPE)
    transform = {"mixup": v2.MixUp, "cutmix": v2.CutMix}[kind](num_classes=CLASSES)
    draws = iter(torch.tensor([value]) for value in centre)
    with patch.object(transform._dist, "sample", lambda _: lam), patch("torch.randint", lambda *_, size: next(draws)):
        images, targets = transform(images, torch.tensor([i * 2 % CLASSES for i in range(n)]))
    return {
        "kind": kind, "lambda": lam, "centre": centre,
        "images": images.flatten().tolist(), "targets": targets.flatten().tolist(),
    }


if __name__ == "__main__":
    lambdas = [0.0, 3 / 2**20, 0.3125, round(0.7 * 2**24) / 2**24, 1.0]
    print(json.dumps({
        "torch": torch.__version__, "torchvision": torchvision.__version__,
        "losses": [loss_case(*each) for each in product(["mean", "sum"], [0.0, 0.1])],
        "courses": [course("sgd", 1, 0.1), course("sgd", 4, 0.0), course("adam", 4, 0.1), course("adam", 1, 0.0)],
        "mixed": [
            *(mixed("mixup", lam) for lam in lambdas),
            *(mixed("cutmix", lam, centre) for lam, centre in product(lambdas, [(2, 1), (0, 3), (5, 0)])),
        ],
    }))
