"""Small TensorFlow.js graph models, and what they compute: test/golden/tfjs-graphs.zip and tfjs-graphs.json.

    python scripts/golden/tfjs_graphs.py

Needs Keras and TensorFlow. The graphs are made as TensorFlow.js's converter makes them (version 4.22,
tf_saved_model_conversion_v2): variables become constants, TensorFlow's optimizer fuses what it can, and the result is written
as JSON with the constants beside it.
"""

import json

from _golden import tensor, wave, write, write_archive

import keras
import numpy as np
import tensorflow as tf
from google.protobuf import json_format
from keras import layers
from tensorflow.core.protobuf import config_pb2, meta_graph_pb2
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2
from tensorflow.python.grappler import tf_optimizer

from models import wave_weights


def frozen(model):
    specs = [tf.TensorSpec((None, *x.shape[1:]), tf.float32, name=x.name) for x in model.inputs]
    function = tf.function(lambda *x: model(list(x) if len(x) > 1 else x[0], training=False)).get_concrete_function(*specs)
    return convert_variables_to_constants_v2(function, lower_control_flow=True)


def optimized(graph_def, function):
    """What the converter asks TensorFlow's optimizer for."""
    for node in graph_def.node:  # Products are fused with what follows only where they are known to run on a processor.
        node.device = "/device:CPU:0"
    graph = tf.Graph()
    with graph.as_default():
        tf.import_graph_def(graph_def, name="")
    meta = tf.compat.v1.train.export_meta_graph(graph_def=graph_def, graph=graph)
    collection = meta_graph_pb2.CollectionDef()
    collection.node_list.value.extend([value.name.split(":")[0] for value in function.inputs + function.outputs])
    meta.collection_def["train_op"].CopyFrom(collection)
    config = config_pb2.ConfigProto()
    rewrite = config.graph_options.rewrite_options
    rewrite.optimizers[:] = ["debug_stripper", "remap", "constfold", "arithmetic", "dependency"] * 2
    rewrite.meta_optimizer_iterations = config_pb2.ConfigProto().graph_options.rewrite_options.ONE
    rewrite.min_graph_nodes = -1
    return tf_optimizer.OptimizeGraph(config, meta)


def converted(model, optimize, signature=True):
    """The files of a graph model by name."""
    function = frozen(model)
    graph_def = function.graph.as_graph_def()
    if optimize:
        graph_def = optimized(graph_def, function)
    weights, data = [], b""
    for node in graph_def.node:
        if node.op != "Const":
            continue
        values = tf.make_ndarray(node.attr["value"].tensor)
        if values.dtype not in (np.float32, np.int32):
            values = values.astype(np.int32)
        weights.append({"name": node.name, "shape": list(values.shape), "dtype": str(values.dtype)})
        data += values.tobytes()
        node.device = ""
        node.attr["value"].tensor.ClearField("tensor_content")
        for field in ("float_val", "int_val", "int64_val"):
            node.attr["value"].tensor.ClearField(field)
    topology = json_format.MessageToDict(graph_def)
    topology.pop("library", None)
    content = {
        "format": "graph-model",
        "generatedBy": tf.__version__,
        "convertedBy": "scripts/golden/tfjs_graphs.py",
        "modelTopology": topology,
        "weightsManifest": [{"paths": ["group1-shard1of1.bin"], "weights": weights}],
    }
    if signature:
        named = lambda values: {value.name.split(":")[0]: {"name": value.name} for value in values}
        content["signature"] = {"inputs": named(function.inputs), "outputs": named(function.outputs)}
    return {"model.json": json.dumps(content, separators=(",", ":")).encode(), "group1-shard1of1.bin": data}


def mobile():
    """What MobileNets are made of."""
    x = layers.Input((9, 9, 3), name="image")
    y = layers.Rescaling(2.0, offset=-0.5)(x)
    y = layers.ZeroPadding2D(((0, 1), (0, 1)))(y)
    y = layers.Conv2D(4, 3, strides=2, use_bias=False, name="stem")(y)
    y = layers.ReLU(6.0)(layers.BatchNormalization(name="stem_norm")(y))
    z = layers.DepthwiseConv2D(3, padding="same", use_bias=False, name="deep")(y)
    z = layers.ReLU()(layers.BatchNormalization(name="deep_norm")(z))
    z = layers.Conv2D(4, 1, padding="same", name="point")(z)
    y = layers.Add()([y, z])
    y = layers.MaxPooling2D(2, padding="same")(y)
    # Hard swish, and a squeeze and excitation.
    y = y * layers.ReLU(6.0)(y + 3.0) * (1.0 / 6.0)
    s = layers.GlobalAveragePooling2D(keepdims=True)(y)
    s = layers.Conv2D(2, 1, activation="relu", name="squeeze")(s)
    y = layers.Multiply()([y, layers.Conv2D(4, 1, activation="sigmoid", name="excite")(s)])
    y = layers.Reshape((4,), name="flat")(layers.GlobalAveragePooling2D(keepdims=True)(y))
    return keras.Model(x, layers.Dense(3, activation="softmax", name="head")(y), name="mobile")


def branches():
    """Two inputs, two outputs, and the rest of what is common."""
    x, facts = layers.Input((8, 8, 4), name="picture"), layers.Input((5,), name="facts")
    a = layers.Conv2D(3, 3, padding="same", dilation_rate=2, activation="elu", name="wide")(x)
    b = layers.AveragePooling2D(3, strides=1, padding="same")(layers.Conv2D(2, (3, 2), padding="same", name="other")(x))
    y = layers.Concatenate(axis=-1)([layers.LeakyReLU(negative_slope=0.3)(a), layers.PReLU(shared_axes=[1, 2], name="slope")(b)])
    y = layers.UpSampling2D(2, interpolation="bilinear")(y)
    picture = layers.Conv2DTranspose(2, 3, strides=2, padding="same", activation="tanh", name="draw")(layers.MaxPooling2D(2)(y))
    gate = layers.Dense(5, activation="sigmoid", name="gate")(facts)
    pooled = layers.Multiply()([layers.GlobalMaxPooling2D()(y), gate])
    known = layers.LayerNormalization(name="norm")(layers.Concatenate()([pooled, facts]))
    flat = layers.Flatten()(layers.Cropping2D(2)(x))
    score = layers.Dense(2, name="score")(layers.Concatenate()([known, flat]))
    return keras.Model([x, facts], [picture, score], name="branches")


def case(model, optimize, signature=True):
    wave_weights(model)
    xs = [wave((3, *x.shape[1:]), 100 + key) for key, x in enumerate(model.inputs)]
    ys = model(xs if len(xs) > 1 else xs[0], training=False)
    outputs = [tensor(y) for y in (ys if isinstance(ys, (list, tuple)) else [ys])]
    return {"outputs": outputs}, converted(model, optimize, signature)


if __name__ == "__main__":
    made = {
        "mobile": case(mobile(), True),
        "mobile-plain": case(mobile(), False, signature=False),
        "branches": case(branches(), True),
        "branches-plain": case(branches(), False),
    }
    cases = {name: golden for name, (golden, _) in made.items()}
    write("tfjs-graphs.json", {"cases": cases})
    write_archive("tfjs-graphs.zip", [(f"{name}/{file}", data) for name, (_, files) in made.items() for file, data in files.items()])
