"""Milliseconds of a training step of the last block in PyTorch, batch 16, and the networks as ONNX files for Graft.

    python bench/torch/steps.py FOLDER

Prints one JSON object a line: `step`, `file`, `parameters` (how many numbers are trained) and `time`. Random weights; batch normalization
keeps its statistics, as in Graft, where it came in a file. Needs: pip install torch timm onnx
"""

import json
import logging
import sys
import warnings
from pathlib import Path

import timm
import torch

sys.path.insert(0, str(Path(__file__).parent.parent / "keras"))
from clock import milliseconds  # noqa: E402

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)
torch.set_num_threads(2)
torch.manual_seed(1)


class Pooled(torch.nn.Module):
    """A network whose map is pooled: MobileNetV3 has a layer behind that, which belongs to the classifier."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, x):
        return self.network.forward_features(x).mean((2, 3))


class Embedded(torch.nn.Module):
    """A network up to what its classifier is given."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, x):
        return self.network.forward_head(self.network.forward_features(x), pre_logits=True)


# Of each: how features are made, how many, and the parts that learn: the last block, and what follows it.
NETWORKS = {
    "vit_tiny_patch16_224": (Embedded, 192, lambda net: [net.blocks[-1], net.norm]),
    "convnext_atto": (Embedded, 320, lambda net: [net.stages[-1], net.head.norm]),
    "mobilenetv3_large_100": (Pooled, 960, lambda net: [net.blocks[5], net.blocks[6]]),
    "efficientnet_b0": (Pooled, 1280, lambda net: [net.blocks[5], net.blocks[6], net.conv_head, net.bn2]),
}


def measured(name, folder):
    form, width, learns = NETWORKS[name]
    network = timm.create_model(name, pretrained=False, num_classes=0).eval()
    features = form(network)
    file = folder / f"{name}.onnx"
    example = torch.rand(1, 3, 224, 224)
    torch.onnx.export(
        features,
        example,
        str(file),
        dynamo=False,
        opset_version=17,
        input_names=["image"],
        output_names=["features"],
        dynamic_axes={"image": {0: "batch"}, "features": {0: "batch"}},
    )
    for parameter in network.parameters():
        parameter.requires_grad = False
    trained = [parameter for part in learns(network) for parameter in part.parameters()]
    for parameter in trained:
        parameter.requires_grad = True
    head = torch.nn.Linear(width, 2)
    optimizer = torch.optim.RMSprop([*trained, *head.parameters()], lr=1e-5)
    x = torch.rand(16, 3, 224, 224)
    y = torch.arange(16) % 2

    def step():
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(head(features(x)), y).backward()
        optimizer.step()

    count = sum(parameter.numel() for parameter in trained)
    return {"step": name, "file": str(file), "parameters": count, "time": milliseconds(step)}


folder = Path(sys.argv[1])
for name in NETWORKS:
    print(json.dumps(measured(name, folder)), flush=True)
