"""PyTorch's losses of three Adam steps of ResNet-20 for CIFAR, in float64 on float32 numbers, for bench/parity.

    python3 bench/parity/resnet20.py > bench/parity/resnet20-cifar.json

Weights and images come from `fill` (test/helpers/golden.ts has the same): tensor i of the state_dict from seed 1000 + i,
a convolution's scaled by sqrt(6 / fan in), the classifier's by 1 / sqrt(64), batch norm's 1 + 0.1 u and 0.1 u.
"""
import json, math

import numpy as np, torch
import torch.nn.functional as F
from torch import nn


def fill(seed, n):
    h = (np.arange(n, dtype=np.uint32) + np.uint32(seed * 0x9E3779B9 & 0xFFFFFFFF)).astype(np.uint32)
    h = (h ^ (h >> 16)) * np.uint32(0x85EBCA6B)
    h = (h ^ (h >> 13)) * np.uint32(0xC2B2AE35)
    h ^= h >> 16
    return ((h >> 8).astype(np.float64) / 2**24 * 2 - 1).astype(np.float32)


class Block(nn.Module):
    def __init__(self, inputs, width, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, width, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample = None
        if stride != 1 or inputs != width:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, width, 1, stride, bias=False), nn.BatchNorm2d(width))

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class Cifar(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16)
        inputs = 16
        for i, width in enumerate((16, 32, 64)):
            blocks = []
            for b in range(3):
                blocks.append(Block(inputs, width, 2 if i > 0 and b == 0 else 1))
                inputs = width
            setattr(self, f"layer{i + 1}", nn.Sequential(*blocks))
        self.fc = nn.Linear(64, 10)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.fc(x.mean((2, 3)))


model = Cifar()
order = list(model.state_dict())
with torch.no_grad():
    for i, (name, tensor) in enumerate(model.state_dict().items()):
        if name.endswith(("running_mean", "running_var", "num_batches_tracked")):
            continue
        u = fill(1000 + i, tensor.numel())
        if tensor.dim() == 4:
            u = u.astype(np.float64) * math.sqrt(6 / tensor[0].numel())
        elif name.startswith("fc."):
            u = u.astype(np.float64) / math.sqrt(64)
        else:
            u = u.astype(np.float64) * 0.1 + (1 if name.endswith(".weight") else 0)
        tensor.copy_(torch.from_numpy(u.astype(np.float32)).reshape(tensor.shape))
model = model.double().train()
shape = [16, 3, 32, 32]
x = torch.from_numpy(fill(7000, math.prod(shape)).reshape(shape)).double()
target = torch.arange(16) * 3 % 10
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
losses = []
for _ in range(3):
    loss = F.cross_entropy(model(x), target)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    losses.append(loss.item())
print(json.dumps({"arch": "resnet20-cifar", "torch": torch.__version__, "input": {"fill_seed": 7000, "shape": shape},
                  "target": target.tolist(), "state_dict_order": order, "losses": losses}, indent=1))
