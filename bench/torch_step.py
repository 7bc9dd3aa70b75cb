"""The peer: PyTorch's training step and forward pass on the CPU, on demand, to be interleaved with ours.

    THREADS=2 python3 torch_step.py mnist-cnn|resnet20-cifar|resnet18|resnet50|resnext50|resnextblocks|mobilenet|dilated18 BATCH [SIZE]

Says {"torch": version} when its first step is done, then answers each line on stdin with one line of JSON:
`step N` and `forward B N` with the milliseconds of each, `peak` with the peak resident memory in MiB.
"""
import json, os, resource, sys, time

import torch
import torch.nn.functional as F
from torch import nn

name, batch = sys.argv[1], int(sys.argv[2])
size = int(sys.argv[3]) if len(sys.argv) > 3 else None
torch.set_num_threads(int(os.environ.get("THREADS", os.cpu_count() or 1)))
torch.manual_seed(0)


class ResBlock(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, 30, 5, padding=2)
        self.conv2 = nn.Conv2d(30, channels, 3, padding=1)

    def forward(self, x):
        return torch.relu(self.conv2(self.conv1(x)) + x)


class MnistCnn(nn.Module):
    def __init__(self):
        super().__init__()
        widths = (1, 32, 64, 128)
        kernels = (5, 3, 3)
        self.convs = nn.ModuleList(nn.Conv2d(a, b, k) for a, b, k in zip(widths, widths[1:], kernels))
        self.blocks = nn.ModuleList(ResBlock(width) for width in widths[1:])
        self.pool, self.fc = nn.MaxPool2d(2), nn.Linear(128, 10)

    def forward(self, x):
        for conv, block in zip(self.convs, self.blocks):
            x = block(torch.relu(self.pool(conv(x))))
        return self.fc(x.flatten(1))


class CifarBlock(nn.Module):
    def __init__(self, inputs, width, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, width, 3, stride, 1, bias=False)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn1, self.bn2 = nn.BatchNorm2d(width), nn.BatchNorm2d(width)
        same = stride == 1 and inputs == width
        projection = (nn.Conv2d(inputs, width, 1, stride, bias=False), nn.BatchNorm2d(width))
        self.shortcut = nn.Identity() if same else nn.Sequential(*projection)

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + self.shortcut(x))


def cifar(blocks):
    layers, inputs = [nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU()], 16
    for width in (16, 32, 64):
        for block in range(blocks):
            layers.append(CifarBlock(inputs, width, 2 if width > 16 and block == 0 else 1))
            inputs = width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


def conv_norm(inputs, outputs, kernel, stride=1, groups=1, dilation=1):
    padding = kernel // 2 * dilation
    conv = nn.Conv2d(inputs, outputs, kernel, stride, padding, dilation, groups, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(outputs))


class Residual(nn.Module):
    def __init__(self, main, inputs, outputs, stride):
        super().__init__()
        self.main = main
        same = inputs == outputs and stride == 1
        self.shortcut = nn.Identity() if same else conv_norm(inputs, outputs, 1, stride)

    def forward(self, x):
        return F.relu(self.main(x) + self.shortcut(x))


def classifier(outputs, *layers):
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(outputs, 10))


def stem():
    return [conv_norm(3, 64, 7, 2), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]


def resnext(layers, stages):
    inputs = 64
    for i, blocks in enumerate(stages):
        width = 64 << i
        for j in range(blocks):
            stride = 2 if i > 0 and j == 0 else 1
            reduce, grouped = conv_norm(inputs, 2 * width, 1), conv_norm(2 * width, 2 * width, 3, stride, 32)
            main = nn.Sequential(reduce, nn.ReLU(), grouped, nn.ReLU(), conv_norm(2 * width, 4 * width, 1))
            layers.append(Residual(main, inputs, 4 * width, stride))
            inputs = 4 * width
    return classifier(inputs, *layers)


def mobilenet():
    layers, inputs = [conv_norm(3, 32, 3, 2), nn.ReLU()], 32
    for i, width in enumerate((64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024)):
        stride = 2 if width > inputs and i > 0 else 1
        layers += [conv_norm(inputs, inputs, 3, stride, inputs), nn.ReLU(), conv_norm(inputs, width, 1), nn.ReLU()]
        inputs = width
    return classifier(inputs, *layers)


def dilated18():
    layers, inputs = stem(), 64
    for width, stride, dilation in ((64, 1, 1), (128, 2, 1), (256, 1, 2), (512, 1, 4)):
        for s in (stride, 1):
            first, second = conv_norm(inputs, width, 3, s, 1, dilation), conv_norm(width, width, 3, 1, 1, dilation)
            layers.append(Residual(nn.Sequential(first, nn.ReLU(), second), inputs, width, s))
            inputs = width
    return classifier(inputs, *layers)


def resnext50():
    return resnext(stem(), (3, 4, 6, 3))


def resnextblocks():
    return resnext([conv_norm(3, 64, 3), nn.ReLU()], (3,))


others = {"resnext50": resnext50, "resnextblocks": resnextblocks, "mobilenet": mobilenet, "dilated18": dilated18}

if name == "mnist-cnn":
    model, shape = MnistCnn(), (1, size or 28, size or 28)
elif name in others:
    model, shape = others[name](), (3, size or 64, size or 64)
elif name.endswith("-cifar"):
    model, shape = cifar((int(name.removeprefix("resnet").removesuffix("-cifar")) - 2) // 6), (3, size or 32, size or 32)
else:
    import torchvision

    model, shape = getattr(torchvision.models, name)(weights=None, num_classes=10), (3, size or 224, size or 224)
x, target = torch.rand(batch, *shape), torch.randint(0, 10, (batch,))
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)


def step():
    loss = F.cross_entropy(model(x), target)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


def timed(run, count):
    times = []
    for _ in range(count):
        start = time.perf_counter()
        run()
        times.append((time.perf_counter() - start) * 1e3)
    return times


def answer(value):
    print(json.dumps(value), flush=True)


model.train()
step()
answer({"torch": torch.__version__})
for line in sys.stdin:
    word, *numbers = line.split()
    if word == "step":
        model.train()
        answer(timed(step, int(numbers[0])))
    elif word == "forward":
        images = torch.rand(int(numbers[0]), *shape)
        model.eval()
        with torch.no_grad():
            answer(timed(lambda: model(images), int(numbers[1])))
    elif word == "peak":
        answer(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    else:
        break
