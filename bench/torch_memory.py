"""PyTorch's half of bench/memory.mjs: the same training in torchvision. Prints one JSON object.

    python3 torch_memory.py NET IMAGE_SIZE BATCH STEPS THREADS full|tune

`resource.getrusage` reads the counter that Node's `process.resourceUsage().maxRSS` and `/usr/bin/time -v` read.
"""
import json
import os
import resource
import sys

net, size, batch, steps, threads, what = sys.argv[1:7]
size, batch, steps = int(size), int(batch), int(steps)
os.environ["OMP_NUM_THREADS"] = threads

import torch
import torchvision
import torch.nn.functional as F

torch.set_num_threads(int(threads))
points = {}


def note(point):
    with open("/proc/self/statm") as statm:
        rss = int(statm.read().split()[1]) * resource.getpagesize()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    points[point] = {"rss": round(rss / 2**20), "peak": round(peak / 1024)}


note("imports")
torch.manual_seed(0)
model = getattr(torchvision.models, net)(weights=None, num_classes=10)
model.train()
if what == "tune":
    # As ort-train's `freeze` does: frozen batch norms work as in evaluation.
    for name, module in model.named_modules():
        if name.startswith(("layer4", "fc")):
            continue
        for parameter in module.parameters(recurse=False):
            parameter.requires_grad_(False)
        if isinstance(module, torch.nn.BatchNorm2d):
            module.eval()
trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
optimizer = torch.optim.Adam(trained, lr=1e-3)
x = ((torch.arange(batch * 3 * size * size) * 0.37) % 1).reshape(batch, 3, size, size)
y = torch.arange(batch) % 10
note("created")
for step in range(1, steps + 1):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
    if step <= 2:
        note(f"step {step}")
note("end")
print(json.dumps({
    "loss": loss.item(),
    "parameters": sum(parameter.numel() for parameter in trained),
    "version": f"PyTorch {torch.__version__}",
    "points": points,
}))
