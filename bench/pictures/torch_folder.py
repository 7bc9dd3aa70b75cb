"""ResNet-18 on class folders in PyTorch: the recipe that `ort-train train --data <folder>` has by default, epoch by epoch.

Pictures are opened by Pillow, laid on white, augmented by torchvision's transforms in DataLoader's workers, and trained on by
AdamW with a warm-up and a cosine. Prints a line of JSON for each epoch: its number, seconds of training (decoding and
augmenting included), loss, test accuracy.
"""

import argparse
import json
import time

import torch
from PIL import Image
from torch.utils.data import DataLoader
from torchvision.datasets import ImageFolder
from torchvision.models import resnet18
from torchvision.transforms import v2


def on_white(path):
    with Image.open(path) as image:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, (255, 255, 255, 255))
        return Image.alpha_composite(white, image).convert("RGB")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True)
    parser.add_argument("--size", type=int, required=True)
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--batch", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--workers", type=int, default=2)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    torch.set_num_threads(args.threads)

    to_tensor = [
        v2.ToImage(),
        v2.ToDtype(torch.float32, scale=True),
        v2.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
    ]
    augment = v2.Compose(
        [
            v2.RandomResizedCrop(args.size, scale=(0.35, 1.0), ratio=(3 / 4, 4 / 3)),
            v2.RandomHorizontalFlip(),
            v2.ColorJitter(brightness=0.2, contrast=0.2, saturation=0.2),
            *to_tensor,
        ]
    )
    evaluate = v2.Compose([v2.Resize(args.size), v2.CenterCrop(args.size), *to_tensor])
    train = ImageFolder(f"{args.data}/train", augment, loader=on_white)
    test = ImageFolder(f"{args.data}/test", evaluate, loader=on_white)
    loader = DataLoader(
        train, args.batch, shuffle=True, num_workers=args.workers, persistent_workers=args.workers > 0
    )
    tests = DataLoader(test, 128, num_workers=args.workers, persistent_workers=args.workers > 0)

    model = resnet18(num_classes=len(train.classes))
    loss_of = torch.nn.CrossEntropyLoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.05)
    warm_up = max(1, round(args.epochs / 10))
    scheduler = torch.optim.lr_scheduler.SequentialLR(
        optimizer,
        [
            torch.optim.lr_scheduler.LinearLR(optimizer, total_iters=warm_up),
            torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=max(1, args.epochs - warm_up)),
        ],
        milestones=[warm_up],
    )
    for epoch in range(1, args.epochs + 1):
        model.train()
        start, total = time.perf_counter(), 0.0
        for x, y in loader:
            optimizer.zero_grad()
            loss = loss_of(model(x), y)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(y)
        seconds = time.perf_counter() - start
        scheduler.step()
        model.eval()
        correct = 0
        with torch.inference_mode():
            for x, y in tests:
                correct += (model(x).argmax(1) == y).sum().item()
        print(
            json.dumps(
                {
                    "epoch": epoch,
                    "seconds": seconds,
                    "loss": total / len(train),
                    "accuracy": correct / len(test),
                }
            ),
            flush=True,
        )


if __name__ == "__main__":
    main()
