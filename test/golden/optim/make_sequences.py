"""Learning rates of PyTorch's MultiStepLR and SequentialLR: python make_sequences.py > sequences.json

Each case is the specification that `schedulerFrom` takes; the rates are those that the epochs are trained with.
"""
import json, warnings
import torch
from torch.optim import lr_scheduler as L

warnings.filterwarnings("ignore")
EPOCHS, BASE = 24, 1e-3


def one(name, **options):
    return {"name": name, "options": options}


def sequence(milestones, *schedulers):
    return one("sequentialLR", schedulers=list(schedulers), milestones=milestones)


make = {
    "multiStepLR": lambda o, milestones, gamma=0.1: L.MultiStepLR(o, milestones, gamma),
    "stepLR": lambda o, stepSize, gamma=0.1: L.StepLR(o, stepSize, gamma),
    "exponentialLR": lambda o, gamma: L.ExponentialLR(o, gamma),
    "constantLR": lambda o, factor, totalIters: L.ConstantLR(o, factor, totalIters),
    "linearWarmup": lambda o, startFactor=1 / 3, endFactor=1.0, totalIters=5: L.LinearLR(o, startFactor, endFactor, totalIters),
    "cosineAnnealingLR": lambda o, tMax, etaMin=0.0: L.CosineAnnealingLR(o, tMax, etaMin),
    "oneCycleLR": lambda o, maxLr, totalSteps: L.OneCycleLR(o, maxLr, total_steps=totalSteps),
    "sequentialLR": lambda o, schedulers, milestones: L.SequentialLR(
        o, [make[s["name"]](o, **s["options"]) for s in schedulers], milestones
    ),
}

warmup = one("linearWarmup", startFactor=0.1, totalIters=5)
cosine = one("cosineAnnealingLR", tMax=19, etaMin=1e-5)
decay = one("exponentialLR", gamma=0.9)
cases = [
    one("multiStepLR", milestones=[4, 9], gamma=0.1),
    one("multiStepLR", milestones=[9, 4], gamma=0.1),
    one("multiStepLR", milestones=[4, 4, 9], gamma=0.5),
    one("multiStepLR", milestones=[12, 4, 12, 4, 12], gamma=0.5),
    one("multiStepLR", milestones=[0], gamma=0.5),
    one("multiStepLR", milestones=[3, 0, 0], gamma=0.5),
    one("multiStepLR", milestones=[], gamma=0.5),
    one("multiStepLR", milestones=[100], gamma=0.5),
    sequence([5], warmup, cosine),
    sequence([8], warmup, cosine),
    sequence([3], warmup, cosine),
    sequence([20], one("constantLR", factor=0.1, totalIters=20), decay),
    sequence([2], one("constantLR", factor=0.1, totalIters=20), decay),
    sequence([5, 12], warmup, decay, one("stepLR", stepSize=3, gamma=0.5)),
    sequence([5, 12], one("stepLR", stepSize=2, gamma=0.5), one("multiStepLR", milestones=[0, 2, 2], gamma=0.5), warmup),
    sequence([0], warmup, decay),
    sequence([0, 6], warmup, one("multiStepLR", milestones=[0, 2], gamma=0.5), decay),
    sequence([6, 6], warmup, decay, one("cosineAnnealingLR", tMax=6)),
    sequence([0, 0], warmup, decay, one("cosineAnnealingLR", tMax=6)),
    sequence([1], one("multiStepLR", milestones=[0, 3], gamma=0.5), one("linearWarmup", startFactor=0.5, endFactor=0.1, totalIters=4)),
    sequence([10], one("cosineAnnealingLR", tMax=10), one("cosineAnnealingLR", tMax=5, etaMin=1e-4)),
    sequence([3], cosine, one("cosineAnnealingLR", tMax=7, etaMin=1e-4)),
    sequence([], decay),
    sequence([100], decay, cosine),
    sequence([4], warmup, one("oneCycleLR", maxLr=0.01, totalSteps=20)),
    sequence([4], one("oneCycleLR", maxLr=0.01, totalSteps=20), decay),
    sequence([4, 10], warmup, one("oneCycleLR", maxLr=0.01, totalSteps=20), decay),
]


def rates(case):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=BASE, momentum=0.9)
    scheduler = make[case["name"]](optimizer, **case["options"])
    out = []
    for _ in range(EPOCHS):
        out.append(float(optimizer.param_groups[0]["lr"]))
        optimizer.step()
        scheduler.step()
    return out


print(json.dumps({"torch": torch.__version__, "base_lr": BASE, "cases": [{"scheduler": c, "lr": rates(c)} for c in cases]}, indent=1))
