"""What torchvision's transforms and Pillow make of small pictures: python make.py, which writes transforms.json.gz.

Each case holds the function, its arguments and the result of torchvision's path over Pillow images, which the library
follows; `tensor` is that of torchvision's path over tensors, where it is another one and tests compare with it, too.
"""
import base64
import gzip
import json
import pathlib

import numpy as np
import PIL
import torch
import torchvision
from PIL import Image
from torchvision.transforms import v2
from torchvision.transforms.v2 import InterpolationMode
from torchvision.transforms.v2 import functional as F

MODES = {m.value: m for m in (InterpolationMode.NEAREST, InterpolationMode.BILINEAR, InterpolationMode.BICUBIC)}


def noise(seed, n):
    """Bytes from a counter and murmur3's finaliser."""
    h = (np.arange(n, dtype=np.uint64) + np.uint64(seed * 0x9E3779B9 % 2**32)).astype(np.uint32)
    h = (h ^ (h >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    h = (h ^ (h >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    h = h ^ (h >> np.uint32(16))
    return (h >> np.uint32(24)).astype(np.float64)


def picture(seed, height, width, channels, low=0, high=255):
    """A ramp of its own slope in each channel, noise over it, a patch of one grey and one of full colours."""
    y, x, c = np.meshgrid(np.arange(height), np.arange(width), np.arange(channels), indexing="ij")
    ramp = 128 + 90 * np.sin((x * (1 + c) / width + y * (2 - c) / height) * 3 + seed)
    p = ramp + (noise(seed, height * width * channels).reshape(height, width, channels) - 128) * 0.5
    p[: height // 4, : width // 4] = 130
    p[: height // 5, -(width // 4) :] = np.where(c[: height // 5, -(width // 4) :] == seed % 3, 255, 0)
    p = np.clip(np.round(p), 0, 255) / 255 * (high - low) + low
    return np.clip(np.round(p), 0, 255).astype(np.uint8)


ARRAYS = {
    "colour": picture(1, 25, 19, 3),
    "grey": picture(2, 21, 27, 1),
    "large": picture(3, 61, 47, 3),
    "dull": picture(4, 13, 17, 3, 60, 190),
    "tiny": picture(5, 2, 3, 3),
}


def pil(name):
    a = ARRAYS[name]
    return Image.fromarray(a[..., 0] if a.shape[2] == 1 else a)


def tensor(name):
    return torch.from_numpy(ARRAYS[name].transpose(2, 0, 1).copy())


def coded(a):
    if isinstance(a, Image.Image):
        a = np.asarray(a)
    elif isinstance(a, torch.Tensor):
        a = a.numpy().transpose(1, 2, 0)
    a = a[..., None] if a.ndim == 2 else a
    return {"shape": list(a.shape), "data": base64.b64encode(np.ascontiguousarray(a).tobytes()).decode()}


cases = []


def case(op, image, args, fn, with_tensor=False):
    entry = {"op": op, "image": image, "args": args, "result": coded(fn(pil(image)))}
    if with_tensor:
        other = coded(fn(tensor(image)))
        if other != entry["result"]:
            entry["tensor"] = other
    cases.append(entry)


for mode in ("bilinear", "bicubic"):
    for image, size in [
        ("colour", [13, 11]),  # down
        ("colour", [33, 28]),  # up
        ("colour", [25, 8]),  # one direction only
        ("colour", [7, 19]),
        ("grey", [9, 40]),  # down and up
        ("large", [8, 5]),  # far down
        ("large", 20),  # the shorter side
        ("grey", 30),
    ]:
        case("resize", image, {"size": size, "interpolation": mode},
             lambda i: F.resize(i, size, interpolation=MODES[mode]), True)
    case("resize", "large", {"size": 20, "maxSize": 23, "interpolation": mode},
         lambda i: F.resize(i, [20], interpolation=MODES[mode], max_size=23), True)
    for image, (top, left, h, w), size in [
        ("large", (5, 9, 40, 30), [17, 17]),
        ("large", (0, 0, 11, 47), [16, 12]),
        ("grey", (20, 26, 1, 1), [4, 3]),
        ("colour", (3, 2, 12, 16), [12, 8]),
    ]:
        case("resizedCrop", image, {"top": top, "left": left, "height": h, "width": w, "size": size, "interpolation": mode},
             lambda i: F.resized_crop(i, top, left, h, w, size, interpolation=MODES[mode]), True)

for size in ([10, 10], [15, 12], [30, 30], [9, 32], [28, 5], [25, 19]):
    case("centerCrop", "colour", {"size": size}, lambda i: F.center_crop(i, size))

for mode in ("constant", "edge", "reflect", "symmetric"):
    for image, padding, (top, left) in [("colour", [4], (1, 7)), ("grey", [1, 2, 3, 5], (6, 3))]:
        fill = 77 if mode == "constant" else 0
        case("padCrop", image, {"padding": padding, "mode": mode, "fill": fill, "top": top, "left": left, "size": [22, 18]},
             lambda i: F.crop(F.pad(i, padding, fill=fill, padding_mode=mode), top, left, 22, 18))

for image in ("colour", "grey"):
    case("flip", image, {"direction": "horizontal"}, F.horizontal_flip)
    case("flip", image, {"direction": "vertical"}, F.vertical_flip)

for mode in ("nearest", "bilinear"):
    for image, angle, fill in [("colour", 10, 0), ("colour", -37.5, 99), ("grey", 123.4, 10), ("colour", 90, 0),
                               ("colour", 180, 0), ("grey", -90, 5), ("dull", 45, 0), ("dull", 0, 0), ("colour", 135, 0)]:
        case("rotate", image, {"angle": angle, "interpolation": mode, "fill": fill},
             lambda i: F.rotate(i, angle, interpolation=MODES[mode], fill=fill))
    for image, angle, translate, scale, shear, fill in [
        ("colour", 15, [2, -3], 1.2, [5, 0], 0),
        ("colour", -20, [0, 0], 0.7, [10, -12], 50),
        ("grey", 0, [4, 1], 1, [0, 0], 7),
        ("grey", 0, [0, 0], 1.5, [0, 0], 0),
        ("dull", 75, [-1, 2], 0.9, [0, 20], 0),
    ]:
        args = {"angle": angle, "translate": translate, "scale": scale, "shear": shear, "interpolation": mode, "fill": fill}
        case("affine", image, args,
             lambda i: F.affine(i, angle, translate, scale, shear, interpolation=MODES[mode], fill=fill))

for image in ("colour", "grey", "dull"):
    for factor in (0, 0.3, 0.8, 1, 1.37, 2.5):
        case("brightness", image, {"factor": factor}, lambda i: F.adjust_brightness(i, factor), image == "colour")
        case("contrast", image, {"factor": factor}, lambda i: F.adjust_contrast(i, factor), image == "colour")
        case("saturation", image, {"factor": factor}, lambda i: F.adjust_saturation(i, factor), image == "colour")
    for factor in (0.1, 0.5, 1, 1.9):
        case("sharpness", image, {"factor": factor}, lambda i: F.adjust_sharpness(i, factor), image == "colour")
    for factor in (-0.5, -0.21, 0, 0.013, 0.3, 0.5):
        case("hue", image, {"factor": factor}, lambda i: F.adjust_hue(i, factor))
    case("grayscale", image, {}, lambda i: F.rgb_to_grayscale(i, 3 if image != "grey" else 1), image == "colour")
    for bits in (1, 4, 7, 8):
        case("posterize", image, {"bits": bits}, lambda i: F.posterize(i, bits))
    for threshold in (0, 100.2, 128, 255):
        case("solarize", image, {"threshold": threshold}, lambda i: F.solarize(i, threshold))
    case("autocontrast", image, {}, F.autocontrast)
    case("equalize", image, {}, F.equalize)
    case("invert", image, {}, F.invert)
    for size, sigma in ((3, 0.1), (3, 0.8), (5, 1.3), (9, 2.0)):
        case("gaussianBlur", image, {"kernelSize": size, "sigma": sigma},
             lambda i: F.gaussian_blur(i, [size, size], [sigma, sigma]))
for op, fn in (("autocontrast", F.autocontrast), ("equalize", F.equalize)):
    case(op, "tiny", {}, fn)
case("sharpness", "tiny", {"factor": 0.2}, lambda i: F.adjust_sharpness(i, 0.2))
case("erase", "colour", {"top": 3, "left": 5, "height": 9, "width": 11, "value": [9]},
     lambda i: F.erase(i, 3, 5, 9, 11, torch.tensor([9])[:, None, None]))
case("erase", "colour", {"top": 0, "left": 0, "height": 24, "width": 2, "value": [9, 120, 255]},
     lambda i: F.erase(i, 0, 0, 24, 2, torch.tensor([9, 120, 255])[:, None, None]))


def table(space, bins, height, width):
    out = {}
    for name, (magnitudes, signed) in space.items():
        m = magnitudes(bins, height, width)
        out[name[0].lower() + name[1:]] = {"signed": signed, "magnitudes": None if m is None else [float(x) for x in m]}
    return out


spaces = [
    {"kind": kind.__name__, "bins": bins, "height": h, "width": w, "table": table(kind._AUGMENTATION_SPACE, bins, h, w)}
    for kind in (v2.RandAugment, v2.TrivialAugmentWide)
    for bins, h, w in ((31, 224, 128), (31, 32, 33), (10, 64, 64))
]

# What an operation of a magnitude does, through the method that both classes share.
auto = v2.TrivialAugmentWide()
for name, magnitude in [("Identity", 0), ("ShearX", 0.5), ("ShearX", -0.25), ("ShearY", 0.3), ("TranslateX", 4.9),
                        ("TranslateX", -3.2), ("TranslateY", 7), ("Rotate", 33), ("Rotate", -135), ("Brightness", -0.4),
                        ("Color", 0.7), ("Contrast", 0.45), ("Sharpness", -0.9), ("Posterize", 3), ("Solarize", 0.4),
                        ("Solarize", 1), ("AutoContrast", 0), ("Equalize", 0)]:
    for image in ("colour", "grey"):
        case("auto", image, {"op": name[0].lower() + name[1:], "magnitude": magnitude},
             lambda i: auto._apply_image_or_video_transform(i, name, magnitude, interpolation=MODES["nearest"], fill=auto._fill))

versions = {"pillow": PIL.__version__, "torch": torch.__version__, "torchvision": torchvision.__version__}
golden = {"versions": versions, "images": {n: coded(a) for n, a in ARRAYS.items()}, "cases": cases, "spaces": spaces}
out = pathlib.Path(__file__).with_name("transforms.json.gz")
out.write_bytes(gzip.compress(json.dumps(golden, separators=(",", ":")).encode(), 9, mtime=0))
print(out, out.stat().st_size, len(cases))
