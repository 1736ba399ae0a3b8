"""A zoo of networks as PyTorch exports them to ONNX, with what PyTorch gives for them: test/models/onnx-zoo, or a folder of one's own.

    python scripts/golden/onnx_zoo.py                      small ones, for the tests
    python scripts/golden/onnx_zoo.py --whole FOLDER       architectures as they are published, to measure with
    python scripts/golden/onnx_zoo.py --only vit,swin      some of them

Needs torch, torchvision, timm, onnx and onnxscript. Weights are random, with a seed. Of each network there are `NAME-old.onnx` and
`NAME-fixed.onnx` by PyTorch's older exporter, for an open batch and for one picture, `NAME-new.onnx` by its newer one (which writes
weights beside the file), and `NAME.json`: what it gives for two pictures, its features, and what its parameters and their gradients
by the mean of the squared output are known by, whatever their layout: the sums of w, w², g, g² and wg.
"""

import argparse
import json
import pathlib
import time
import warnings
from copy import deepcopy

import numpy as np
import onnx
import timm
import torch
import torchvision
from torch.nn.utils.fusion import fuse_conv_bn_weights

warnings.filterwarnings("ignore")
classes = 5


def timm_net(name, side, **options):
    return side, lambda: timm.create_model(name, pretrained=False, **options)


def vision_net(name, side, **options):
    return side, lambda: getattr(torchvision.models, name)(weights=None, **options)


def tiny_transformer(**options):
    options = {"embed_dim": 16, "depth": 3, "num_heads": 2, "num_classes": classes, **options}
    return lambda: timm.models.vision_transformer.VisionTransformer(32, 8, **options)


small = {
    # name: (side, network)
    "vit": (32, tiny_transformer()),
    "dinov2": (32, tiny_transformer(num_classes=0, init_values=1e-1, reg_tokens=2)),
    "siglip": (32, tiny_transformer(global_pool="map", class_token=False)),
    "swin": (
        32,
        lambda: timm.models.swin_transformer.SwinTransformer(
            32, 4, embed_dim=8, depths=(2, 2), num_heads=(2, 2), window_size=4, num_classes=classes
        ),
    ),
    "cait": (
        32,
        lambda: timm.models.cait.Cait(
            32, 8, embed_dim=8, depth=2, num_heads=2, depth_token_only=2, num_classes=classes, init_values=0.1
        ),
    ),
    "xcit": (
        32,
        lambda: timm.models.xcit.Xcit(
            32, 8, embed_dim=8, depth=2, num_heads=2, cls_attn_layers=2, num_classes=classes, eta=0.1
        ),
    ),
    "mixer": (
        32,
        lambda: timm.models.mlp_mixer.MlpMixer(img_size=32, patch_size=8, num_blocks=3, embed_dim=16, num_classes=classes),
    ),
    "levit": (
        64,
        lambda: timm.models.levit.Levit(
            64, embed_dim=(8, 12, 16), key_dim=4, depth=(1, 1, 1), num_heads=(2, 3, 4), num_classes=classes
        ),
    ),
    "convnext": (
        64,
        lambda: timm.models.convnext.ConvNeXt(
            depths=(1, 1, 2, 1), dims=(8, 8, 12, 16), num_classes=classes, ls_init_value=0.1
        ),
    ),
    "densenet": (
        64,
        lambda: timm.models.densenet.DenseNet(
            growth_rate=4, block_config=(2, 2, 2, 2), num_classes=classes, stem_type="deep_tiered"
        ),
    ),
    "resnet": (
        64,
        lambda: timm.models.resnet.ResNet(
            timm.models.resnet.BasicBlock, (1, 1, 1, 2), channels=(4, 4, 8, 8), stem_width=4, num_classes=classes
        ),
    ),
    # Its older exporter writes in place over a batch.
    "mvitv2": (
        64,
        lambda: timm.models.mvitv2.MultiScaleVit(
            timm.models.mvitv2.MultiScaleVitCfg(depths=(1, 1), embed_dim=(8, 16), num_heads=(1, 2)),
            img_size=64, num_classes=classes,
        ),
    ),
    # LSTM in one direction, whose weights are those of PyTorch in another order.
    "sequencer": (
        56,
        lambda: timm.models.sequencer.Sequencer2d(
            img_size=56, layers=(1, 1), patch_sizes=(7, 2), embed_dims=(8, 16), hidden_sizes=(4, 4),
            mlp_ratios=(2.0, 2.0), bidirectional=False, num_classes=classes,
        ),
    ),
    "same-pad": (
        33,
        lambda: timm.models.mobilenetv3.MobileNetV3(
            timm.models._efficientnet_builder.decode_arch_def([["ds_r1_k3_s1_e1_c8"], ["ir_r1_k3_s2_e2_c8_se0.25"], ["ir_r2_k3_s2_e2_c12"]]),
            stem_size=8, num_features=16, num_classes=classes, pad_type="same",
        ),
    ),
}

whole = {
    name: timm_net(name, side, **options)
    for name, side, options in [
        ("vit_tiny_patch16_224", 96, {"img_size": 96}),
        ("resnet18", 64, {}),
        ("densenet121", 64, {}),
        ("swin_tiny_patch4_window7_224", 224, {}),
        ("mobilenetv3_small_050", 64, {}),
        ("convnext_atto", 64, {}),
        ("vit_small_patch14_dinov2", 98, {"img_size": 98}),
        ("vit_tiny_patch16_siglip", 96, {}),
        ("deit_tiny_distilled_patch16_224", 96, {"img_size": 96}),
        ("efficientnet_b0", 64, {}),
        ("tf_efficientnet_lite0", 64, {}),
        ("inception_v3", 139, {}),
        ("regnety_002", 64, {}),
        ("mobilenetv4_hybrid_medium", 64, {}),
        ("mobilenetv4_conv_small_050", 64, {}),
        ("hgnetv2_b0", 64, {}),
        ("levit_128s", 224, {}),
        ("cait_xxs24_224", 96, {"img_size": 96}),
        ("xcit_nano_12_p16_224", 96, {}),
        ("pit_ti_224", 224, {}),
        ("mobilevit_xxs", 64, {}),
        ("edgenext_xx_small", 64, {}),
        ("efficientvit_b0", 64, {}),
        ("efficientvit_m0", 224, {}),
        ("tiny_vit_5m_224", 224, {}),
        ("maxvit_rmlp_pico_rw_256", 256, {}),
        ("coatnet_pico_rw_224", 224, {}),
        ("mixer_s32_224", 224, {}),
        ("swinv2_tiny_window8_256", 256, {}),
        ("eva02_tiny_patch14_224", 98, {"img_size": 98}),
        ("beit_base_patch16_224", 96, {"img_size": 96, "depth": 3, "embed_dim": 192, "num_heads": 3}),
        ("twins_svt_small", 224, {}),
        ("twins_pcpvt_small", 224, {}),
        ("pvt_v2_b0", 64, {}),
        ("hiera_tiny_224", 224, {}),
        ("fastvit_t8", 64, {}),
        ("mobileone_s0", 64, {}),
        ("poolformer_s12", 64, {}),
        ("caformer_s18", 64, {}),
        ("repvgg_a0", 64, {}),
        ("eca_nfnet_l0", 64, {}),
        ("resnetv2_50", 64, {}),
        ("resnetv2_50x1_bit", 64, {}),
        ("ghostnet_050", 64, {}),
        ("hrnet_w18_small", 64, {}),
        ("vgg11_bn", 64, {}),
        ("xception41", 64, {}),
        ("inception_v4", 139, {}),
        ("inception_next_atto", 64, {}),
        ("mobilenetv2_050", 64, {}),
        ("tf_efficientnetv2_b0", 64, {}),
        ("convnextv2_atto", 64, {}),
        ("hgnet_tiny", 64, {}),
        ("resnet50", 64, {}),
        ("vit_small_patch16_dinov3", 64, {}),
        ("vit_small_patch14_reg4_dinov2", 98, {"img_size": 98}),
        ("deit3_small_patch16_224", 96, {"img_size": 96, "depth": 4}),
        ("mobilevitv2_050", 64, {}),
        ("davit_tiny", 224, {}),
        ("focalnet_tiny_srf", 64, {}),
        ("coat_lite_tiny", 224, {}),
        ("convit_tiny", 224, {}),
        ("convmixer_768_32", 64, {}),
        ("crossvit_tiny_240", 240, {}),
        ("cspdarknet53", 64, {}),
        ("dla46_c", 64, {}),
        ("dpn48b", 64, {}),
        ("efficientformer_l1", 224, {}),
        ("efficientformerv2_s0", 224, {}),
        ("fasternet_t0", 64, {}),
        ("gcvit_xxtiny", 224, {}),
        ("mambaout_femto", 64, {}),
        ("mvitv2_tiny", 224, {}),
        ("nest_tiny", 224, {}),
        ("nextvit_small", 224, {}),
        ("rdnet_tiny", 64, {}),
        ("repghostnet_050", 64, {}),
        ("repvit_m0_9", 64, {}),
        ("res2net50_14w_8s", 64, {}),
        ("resnest14d", 64, {}),
        ("rexnet_100", 64, {}),
        ("selecsls42b", 64, {}),
        ("legacy_seresnet18", 64, {}),
        ("shvit_s1", 64, {}),
        ("skresnet18", 64, {}),
        ("starnet_s1", 64, {}),
        ("swiftformer_xs", 64, {}),
        ("tnt_s_patch16_224", 224, {}),
        ("visformer_tiny", 224, {}),
        ("volo_d1_224", 224, {}),
        ("ese_vovnet19b_dw", 64, {}),
        ("botnet26t_256", 256, {}),
        ("halonet26t", 256, {}),
        ("sequencer2d_s", 224, {}),
        ("lcnet_050", 64, {}),
        ("mixnet_s", 64, {}),
        ("vit_relpos_small_patch16_224", 96, {"img_size": 96, "depth": 4}),
        ("gmlp_s16_224", 224, {"num_blocks": 4}),
        ("resmlp_12_224", 224, {}),
        ("inception_resnet_v2", 139, {}),
        ("legacy_xception", 96, {}),
        ("regnetx_002", 64, {}),
        ("swin_s3_tiny_224", 224, {}),
        ("swinv2_cr_tiny_224", 224, {}),
        ("maxvit_tiny_tf_224", 224, {}),
        ("deit_tiny_patch16_224", 96, {"img_size": 96}),
        ("ghostnetv2_100", 64, {}),
        ("vit_base_resnet26d_224", 224, {"depth": 2, "embed_dim": 192, "num_heads": 3}),
        ("vitamin_small_224", 224, {}),
        ("ecaresnet26t", 64, {}),
        ("gernet_s", 64, {}),
        ("hardcorenas_a", 64, {}),
        ("tinynet_e", 64, {}),
        ("starnet_s050", 64, {}),
        ("pit_ti_distilled_224", 224, {}),
        ("samvit_base_patch16_224", 224, {"depth": 3, "embed_dim": 192, "num_heads": 3}),
    ]
    if name != "vit_tiny_patch16_siglip"
}
whole["siglip_tiny"] = timm_net(
    "vit_tiny_patch16_224", 96, img_size=96, global_pool="map", class_token=False, fc_norm=False
)
whole |= {
    f"tv_{name}": vision_net(name, side, **options)
    for name, side, options in [
        ("resnet18", 64, {}),
        ("mobilenet_v3_small", 64, {}),
        ("efficientnet_b0", 64, {}),
        ("squeezenet1_1", 64, {}),
        ("googlenet", 64, {"init_weights": False, "aux_logits": False}),
        ("shufflenet_v2_x0_5", 64, {}),
        ("mnasnet0_5", 64, {}),
        ("swin_t", 224, {}),
        ("swin_v2_t", 256, {}),
        ("convnext_tiny", 64, {}),
        ("regnet_y_400mf", 64, {}),
        ("alexnet", 96, {}),
        ("vgg11", 64, {}),
        ("densenet121", 64, {}),
        ("mobilenet_v2", 64, {}),
        ("maxvit_t", 224, {}),
    ]
}
whole["tv_vit"] = (
    64,
    lambda: torchvision.models.VisionTransformer(
        image_size=64, patch_size=16, num_layers=3, num_heads=3, hidden_dim=96, mlp_dim=192
    ),
)


# Which exporter's files of the small ones go into the tests.
kinds = {"vit": ("fixed", "new"), "siglip": ("new",), "dinov2": ("old",), "swin": ("new",), "cait": ("new",), "xcit": ("old",)}
kinds |= {"mixer": ("fixed",), "levit": ("new",), "convnext": ("fixed", "new"), "densenet": ("old", "new"), "resnet": ("fixed",)}
kinds |= {"same-pad": ("old", "new"), "mvitv2": ("old",), "sequencer": ("fixed",)}


def strip(path):
    """Leaves out what only says where in Python a node comes from, which is most of the newer exporter's file."""
    model = onnx.load(path, load_external_data=False)
    for node in model.graph.node:
        kept = [entry for entry in node.metadata_props if entry.key == "pkg.torch.onnx.name_scopes"]
        del node.metadata_props[:]
        node.metadata_props.extend(kept)
        node.doc_string = ""
    del model.graph.value_info[:]
    onnx.save(model, path)


def numbers(array):
    return [float(f"{value:.6g}") for value in array.detach().numpy().ravel()]


def features_of(model, x):
    """What the classifier is fed, pooled: by timm's own words, and what goes into the last product with weights."""
    found = {}
    with torch.no_grad():
        if hasattr(model, "forward_head"):
            try:
                head = model.forward_head(model.forward_features(x), pre_logits=True)
                found["pre_logits"] = head[0] if isinstance(head, tuple) else head
            except Exception:
                pass
            pool = getattr(model, "global_pool", None)
            pool = pool if isinstance(pool, torch.nn.Module) else getattr(getattr(model, "head", None), "global_pool", None)
            if isinstance(pool, torch.nn.Module):
                seen = []
                hook = pool.register_forward_hook(lambda _, inputs, output: seen.append(output))
                model(x)
                hook.remove()
                if seen:
                    found["pooled"] = seen[-1].flatten(1)
        if hasattr(model, "forward_features"):
            try:
                found["features"] = model.forward_features(x)
            except Exception:
                pass
    return {name: value for name, value in found.items() if isinstance(value, torch.Tensor)}


def known_by(parameter):
    w = parameter.detach().double()
    g = torch.zeros_like(w) if parameter.grad is None else parameter.grad.double()
    sums = [w.sum(), (w * w).sum(), g.sum(), (g * g).sum(), (w * g).sum()]
    return [w.numel(), *(float(f"{float(value):.7g}") for value in sums)]


def fuse(model, x):
    """Puts batch normalizations into the convolutions before them, as exporters do; what is left of them changes nothing."""
    made, pairs = {}, []
    convolutions, norm = ("Conv2d", "Conv2dSame"), torch.nn.BatchNorm2d

    def after(module, inputs, output):
        made[id(output)] = (module, output)

    def before(module, inputs):
        source, _ = made.get(id(inputs[0]), (None, None))
        if source is not None:
            pairs.append((source, module))

    hooks = [module.register_forward_hook(after) for module in model.modules() if type(module).__name__ in convolutions]
    hooks += [module.register_forward_pre_hook(before) for module in model.modules() if isinstance(module, norm)]
    with torch.no_grad():
        model(x)
    for hook in hooks:
        hook.remove()
    for source, bn in pairs:
        found = fuse_conv_bn_weights(
            source.weight, source.bias, bn.running_mean, bn.running_var, bn.eps, bn.weight, bn.bias
        )
        source.weight, source.bias = (torch.nn.Parameter(one.detach().clone()) for one in found)
        bn.running_mean.zero_()
        bn.running_var.fill_(1 - bn.eps)
        bn.weight.data.fill_(1)
        bn.bias.data.zero_()
    return model


def parameters_of(model, x):
    """By the mean of the squared output."""
    found = {}
    for kind, made in (("plain", lambda: model), ("fused", lambda: fuse(deepcopy(model), x))):
        try:
            network = made()
            for parameter in network.parameters():
                parameter.grad = None
                parameter.requires_grad_(True)
            y = network(x)
            y = y[0] if isinstance(y, tuple) else y
            (y * y).mean().backward()
            for name, parameter in network.named_parameters():
                entry = known_by(parameter)
                if kind == "plain" or found.get(name) != entry:
                    found[name if kind == "plain" else f"{name} fused"] = entry
        except Exception as error:
            print("   ", kind, type(error).__name__, str(error).splitlines()[:1], flush=True)
    return found


def prepare(model, levels):
    for name, parameter in list(model.named_parameters()) + list(model.named_buffers()):
        if not parameter.is_floating_point():
            continue
        # What begins at zero or one would hide what is not computed.
        if parameter.ndim < 2 or float(parameter.detach().std()) == 0 or float(parameter.detach().abs().max()) < 1e-3:
            noise = 0.1 * torch.randn_like(parameter)
            parameter.data += noise.abs() if name.endswith("running_var") else noise
        if levels and parameter.ndim > 1:  # few different numbers: the files are small in git
            parameter.data = (parameter.data * 16).round() / 16 + 1 / 64
    return model


def export(name, side, make, folder, small_one, only_record):
    torch.manual_seed(7)
    model = prepare(make().eval(), small_one)
    count = 2 * 3 * side * side
    x = torch.from_numpy(np.sin(0.37 * np.arange(count)).astype(np.float32).reshape(2, 3, side, side))
    with torch.no_grad():
        output = model(x)
    record = {"side": side, "output": list(output.shape), "values": numbers(output)}
    record["cuts"] = {
        key: {"shape": list(value.shape), "values": numbers(value) if value.numel() <= 20000 else numbers(value.mean())}
        for key, value in features_of(model, x).items()
    }
    record["gradients"] = parameters_of(model, x)
    (folder / f"{name}.json").write_text(json.dumps(record) + "\n")
    if only_record:
        return
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    common = {"input_names": ["image"], "output_names": ["output"]}

    def write(kind, action):
        if small_one and kind not in kinds[name]:
            return
        start = time.time()
        try:
            path = str(folder / f"{name}-{kind}.onnx")
            action(path)
            if small_one:
                strip(path)
            print(f"    {kind} {time.time() - start:.0f} s", flush=True)
        except Exception as error:  # one that cannot be exported says so, and the others follow
            print("   ", kind, type(error).__name__, str(error).splitlines()[:1], flush=True)

    write(
        "old",
        lambda path: torch.onnx.export(
            model, (x[:1],), path, dynamo=False, opset_version=17, dynamic_axes={"image": {0: "batch"}}, **common
        ),
    )
    write("fixed", lambda path: torch.onnx.export(model, (x[:1],), path, dynamo=False, opset_version=14, **common))
    write(
        "new",
        lambda path: torch.onnx.export(
            model, (x,), path, dynamo=True, external_data=True, dynamic_shapes=({0: torch.export.Dim("batch")},), verbose=False, **common
        ),
    )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--whole", type=pathlib.Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--records", action="store_true", help="only NAME.json anew")
    options = parser.parse_args()
    folder = options.whole or pathlib.Path(__file__).parent.parent.parent / "test" / "models" / "onnx-zoo"
    folder.mkdir(parents=True, exist_ok=True)
    only = [name for name in options.only.split(",") if name]
    for name, (side, make) in (whole if options.whole else small).items():
        if (only and name not in only) or (options.whole and (folder / f"{name}.json").exists() and not only and not options.records):
            continue
        try:
            print(name, flush=True)
            export(name, side, make, folder, options.whole is None, options.records)
        except Exception as error:
            print("   ", type(error).__name__, str(error).splitlines()[:1], flush=True)


if __name__ == "__main__":
    main()
