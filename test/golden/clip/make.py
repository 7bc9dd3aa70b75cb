"""Ten optimizer steps with torch.nn.utils.clip_grad_norm_, in float64, with and without accumulation: python make.py > clip.json

The network, its weights and its batches are made from `fill`, so that test/train/clip.test.ts makes the same ones.
"""
import json
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

STEPS, EVERY = 10, 31


def fill(seed, n):
    """float32 numbers in [-1, 1) from a counter and murmur3's finaliser, as in make_golden.py."""
    h = (np.arange(n, dtype=np.uint64) + np.uint64(seed * 0x9E3779B9 % 2**32)).astype(np.uint32)
    h = (h ^ (h >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    h = (h ^ (h >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    h = h ^ (h >> np.uint32(16))
    return ((h >> np.uint32(8)).astype(np.float64) / 2**24 * 2 - 1).astype(np.float32)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 12, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(12)
        self.conv2 = nn.Conv2d(12, 40, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(40)
        self.conv3 = nn.Conv2d(40, 40, 3, padding=1, bias=False)
        self.bn3 = nn.BatchNorm2d(40)
        self.fc = nn.Linear(40, 3)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 2)
        x = F.relu(self.bn2(self.conv2(x)))
        x = F.relu(self.bn3(self.conv3(x)) + x)
        return self.fc(x.mean((2, 3)))


SCALES = {"conv1.weight": 1 / 4, "conv2.weight": 1 / 8, "conv3.weight": 1 / 16, "fc.weight": 1 / 8}


def network():
    net = Net()
    with torch.no_grad():
        for i, (name, p) in enumerate(net.named_parameters()):
            data = fill(10 + i, p.numel()) * np.float32(SCALES.get(name, 1 / 4))
            # With a mean of 2 few numbers lie near a ReLU's kink, where two roundings of one number part.
            if name.startswith("bn"):
                data = np.float32(1 if name.endswith("weight") else 2) + data
            p.copy_(torch.from_numpy(data).reshape(p.shape))
    return net.double().train()


def batch(i):
    """16 images, 11 in every fourth batch."""
    n = 11 if i % 4 == 3 else 16
    x = torch.from_numpy(fill(1000 + i, n * 3 * 64)).reshape(n, 3, 8, 8).double()
    return x, torch.tensor([(j * 5 + i) % 3 for j in range(n)])


OPTIMIZERS = {
    "adam": lambda p: torch.optim.Adam(p, lr=2**-7, eps=2**-13),
    "sgd": lambda p: torch.optim.SGD(p, lr=2**-9, momentum=0.875),
}


def run(kind, max_norm, accumulate):
    net = network()
    optimizer = OPTIMIZERS[kind](net.parameters())
    losses, norms, i = [], [], 0
    for step in range(STEPS):
        # The last step takes what is left of an epoch: two batches.
        count = 2 if accumulate > 1 and step == STEPS - 1 else accumulate
        optimizer.zero_grad()
        for _ in range(count):
            x, target = batch(i)
            i += 1
            loss = F.cross_entropy(net(x), target)
            losses.append(loss.item())
            (loss / count).backward()
        norms.append(nn.utils.clip_grad_norm_(net.parameters(), max_norm).item())
        optimizer.step()
    flat = torch.cat([p.detach().flatten() for p in net.parameters()])
    buffers = torch.cat([b.flatten() for name, b in net.named_buffers() if "num_batches" not in name])
    return {
        "optimizer": kind, "clip_norm": max_norm, "accumulate": accumulate,
        "losses": losses, "norms": norms, "params": flat[::EVERY].tolist(), "buffers": buffers.tolist(),
    }


cases = [run(kind, *rest) for kind, rest in [
    ("adam", (7.5, 1)), ("adam", (7.0, 4)), ("sgd", (9.0, 1)), ("sgd", (8.0, 4)),
]]
if __name__ == "__main__":
    print(json.dumps({"torch": torch.__version__, "every": EVERY, "cases": cases}))
