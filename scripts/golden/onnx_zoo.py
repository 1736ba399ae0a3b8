"""A zoo of networks as PyTorch exports them to ONNX, with what they give: test/models/onnx-zoo, or a folder of one's own.

    python scripts/golden/onnx_zoo.py                      small ones, for the tests
    python scripts/golden/onnx_zoo.py --whole FOLDER       architectures as they are published, to measure with
    python scripts/golden/onnx_zoo.py --only vit,swin      some of them

Needs torch, timm, onnx and onnxscript. Weights are random, with a seed. Of each network there is `NAME-EXPORTER.onnx`, by PyTorch's older
exporter ("old") and its newer one ("new", which writes weights beside the file), and `NAME.json`: input, output and features.
"""

import argparse
import json
import pathlib
import warnings

import numpy as np
import timm
import torch
from timm.models.cait import Cait
from timm.models.convnext import ConvNeXt
from timm.models.levit import Levit
from timm.models.mlp_mixer import MlpMixer
from timm.models.swin_transformer import SwinTransformer
from timm.models.vision_transformer import VisionTransformer
from timm.models.xcit import Xcit

warnings.filterwarnings("ignore")
classes = 5

small = {
    # name: (side, network)
    "vit": (32, lambda: VisionTransformer(32, 8, embed_dim=16, depth=3, num_heads=2, num_classes=classes)),
    "dinov2": (
        32,
        lambda: VisionTransformer(32, 8, embed_dim=16, depth=3, num_heads=2, num_classes=0, init_values=1e-1, reg_tokens=2),
    ),
    "siglip": (
        32,
        lambda: VisionTransformer(
            32, 8, embed_dim=16, depth=3, num_heads=2, num_classes=0, global_pool="map", class_token=False
        ),
    ),
    "swin": (
        32,
        lambda: SwinTransformer(
            32, 4, embed_dim=16, depths=(2, 2), num_heads=(2, 2), window_size=4, num_classes=classes
        ),
    ),
    "cait": (32, lambda: Cait(32, 8, embed_dim=16, depth=3, num_heads=2, depth_token_only=2, num_classes=classes)),
    "xcit": (32, lambda: Xcit(32, 8, embed_dim=16, depth=3, num_heads=2, cls_attn_layers=2, num_classes=classes)),
    "mixer": (32, lambda: MlpMixer(img_size=32, patch_size=8, num_blocks=3, embed_dim=16, num_classes=classes)),
    "levit": (
        64,
        lambda: Levit(
            64, embed_dim=(16, 24, 32), key_dim=8, depth=(2, 2, 2), num_heads=(2, 3, 4), num_classes=classes
        ),
    ),
    "convnext": (64, lambda: ConvNeXt(depths=(1, 1, 2, 1), dims=(8, 12, 16, 20), num_classes=classes)),
}

whole = {
    name: (size, lambda name=name, size=size: timm.create_model(name, **({"img_size": size} if sized else {})))
    for name, size, sized in [
        ("vit_tiny_patch16_224", 96, True),
        ("deit_tiny_distilled_patch16_224", 96, True),
        ("vit_small_patch14_dinov2", 98, True),
        ("vit_base_patch16_siglip_224", 96, True),
        ("swin_tiny_patch4_window7_224", 224, True),
        ("maxvit_rmlp_pico_rw_256", 256, False),
        ("coatnet_rmlp_nano_rw_224", 224, False),
        ("cait_xxs24_224", 96, True),
        ("xcit_nano_12_p16_224", 96, False),
        ("pit_ti_224", 224, False),
        ("mobilevit_xxs", 96, False),
        ("mobilevitv2_050", 96, False),
        ("edgenext_xx_small", 96, False),
        ("efficientvit_b0", 96, False),
        ("efficientvit_m0", 224, True),
        ("tiny_vit_5m_224", 224, False),
        ("mobilenetv4_hybrid_medium", 96, False),
        ("hgnet_tiny", 96, False),
        ("hgnetv2_b0", 96, False),
        ("levit_128s", 224, False),
        ("mixer_s16_224", 224, False),
        ("resnet18", 96, False),
        ("resnet50", 96, False),
        ("densenet121", 96, False),
        ("inception_v3", 139, False),
        ("inception_next_atto", 96, False),
        ("convnext_atto", 96, False),
        ("convnextv2_atto", 96, False),
        ("efficientnet_b0", 96, False),
        ("tf_efficientnet_lite0", 96, False),
        ("mobilenetv2_100", 96, False),
        ("mobilenetv3_large_100", 96, False),
        ("regnety_002", 96, False),
        ("ghostnet_100", 96, False),
        ("vgg11", 96, False),
        ("xception41", 96, False),
        ("poolformer_s12", 96, False),
        ("resnetv2_50", 96, False),
        ("eca_resnet33ts", 96, False),
        ("fastvit_t8", 96, False),
        ("repvit_m0_9", 96, False),
        ("nfnet_l0", 96, False),
    ]
}


def numbers(array):
    return [float(f"{value:.7g}") for value in array.detach().numpy().ravel()]


def export(name, side, make, folder):
    torch.manual_seed(7)
    model = make().eval()
    # What begins at zero or one would hide what is not computed.
    for parameter in model.parameters():
        if parameter.ndim < 2:
            parameter.data += 0.1 * torch.randn_like(parameter)
    count = 2 * 3 * side * side
    x = torch.from_numpy(np.sin(0.37 * np.arange(count)).astype(np.float32).reshape(2, 3, side, side))
    with torch.no_grad():
        output = model(x)
        features = model.forward_features(x)
    record = {"side": side, "output": list(output.shape), "values": numbers(output), "features": list(features.shape)}
    (folder / f"{name}.json").write_text(json.dumps(record) + "\n")
    common = {"input_names": ["image"], "output_names": ["output"]}
    old = folder / f"{name}-old.onnx"
    torch.onnx.export(
        model, (x[:1],), str(old), dynamo=False, opset_version=17, dynamic_axes={"image": {0: "batch"}}, **common
    )
    new = folder / f"{name}-new.onnx"
    torch.onnx.export(
        model, (x,), str(new), dynamo=True, external_data=True, dynamic_shapes=({0: torch.export.Dim("batch")},), **common
    )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--whole", type=pathlib.Path)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    folder = options.whole or pathlib.Path(__file__).parent.parent.parent / "test" / "models" / "onnx-zoo"
    folder.mkdir(parents=True, exist_ok=True)
    only = [name for name in options.only.split(",") if name]
    for name, (side, make) in (whole if options.whole else small).items():
        if only and name not in only:
            continue
        try:
            export(name, side, make, folder)
            print(name, "written", flush=True)
        except Exception as error:  # one that cannot be exported says so, and the others follow
            print(name, type(error).__name__, str(error).splitlines()[:1], flush=True)


main()
