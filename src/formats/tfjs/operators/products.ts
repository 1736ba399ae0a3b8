import { constant, type Value } from "../../../graph/value.js";
import { leakyRelu, prelu } from "../../../ops/activations.js";
import { add } from "../../../ops/elementwise.js";
import { transpose } from "../../../ops/layout.js";
import { matmul } from "../../../ops/matmul.js";
import { batchNormalization } from "../../../ops/normalization.js";
import { attributeOf } from "../attributes.js";
import { activations } from "./elementwise.js";
import { channelsSecond, inOrder, type NodeInputs, type Operators, permuted } from "./node-inputs.js";
import { convolution } from "./windows.js";

function product(inputs: NodeInputs): Value {
  const flip = (value: Value, name: string): Value =>
    attributeOf(inputs.node, name, "bool", false) ? transpose(value, { perm: [1, 0] }) : value;
  const weights = inputs.at(1);
  // A constant is turned now, so that it becomes a weight.
  const isTurned = attributeOf(inputs.node, "transpose_b", "bool", false);
  const b =
    weights.kind === "constant" && isTurned
      ? constant(permuted(inputs.constant(1), [1, 0]))
      : flip(inputs.value(1), "transpose_b");
  return matmul(flip(inputs.value(), "transpose_a"), b);
}

function batchProduct(inputs: NodeInputs): Value {
  const flip = (value: Value, name: string): Value => {
    const axes = value.shape.map((_, axis) => axis);
    const last = axes.length - 1;
    return attributeOf(inputs.node, name, "bool", false)
      ? transpose(value, { perm: [...axes.slice(0, -2), last, last - 1] })
      : value;
  };
  return inOrder(inputs.values(0, 2), ([a, b]) => {
    if (a === undefined || b === undefined) throw inputs.refuse("two inputs", "fewer");
    return matmul(flip(a, "adj_x"), flip(b, "adj_y"));
  });
}

function normalized(inputs: NodeInputs): Value {
  if (attributeOf(inputs.node, "is_training", "bool", true)) {
    throw inputs.refuse("normalization with given statistics", "one of training");
  }
  const [x, scale, offset, mean, variance] = inputs.values(0, 5);
  if (x === undefined || scale === undefined || offset === undefined || mean === undefined || variance === undefined) {
    throw inputs.refuse("five inputs", `${inputs.count}`);
  }
  return batchNormalization(x, scale, offset, mean, variance, {
    epsilon: attributeOf(inputs.node, "epsilon", "float", 0.0001),
  });
}

/** What the converter fuses with a product: bias, normalization, activation. */
function fused(inputs: NodeInputs, product: (bias: Value | undefined) => Value): Value {
  const { node } = inputs;
  const after = attributeOf(node, "fused_ops", "strings", []);
  const hasBias = after[0] === "BiasAdd";
  const y = product(hasBias ? constant(inputs.constant(2)) : undefined);
  return after.slice(hasBias ? 1 : 0).reduce((value, name) => {
    if (name === "FusedBatchNorm") {
      const epsilon = attributeOf(node, "epsilon", "float", 0.0001);
      const [scale, offset, mean, variance] = [2, 3, 4, 5].map((index) => constant(inputs.constant(index)));
      if (scale === undefined || offset === undefined || mean === undefined || variance === undefined) return value;
      return batchNormalization(value, scale, offset, mean, variance, { epsilon });
    }
    if (name === "Add") return add(value, inputs.value(3));
    if (name === "Prelu") return prelu(value, constant(channelsSecond(inputs.constant(inputs.count - 1))));
    if (name === "LeakyRelu") return leakyRelu(value, { alpha: attributeOf(node, "leakyrelu_alpha", "float", 0.2) });
    const activation = activations[name];
    if (activation === undefined) throw inputs.refuse("bias, normalization or an activation behind a product", name);
    return activation(value);
  }, y);
}

/** Products of matrices, normalization, and products with what the converter fuses with them. */
export const productOperators: Operators = {
  BatchMatMul: batchProduct,
  BatchMatMulV2: batchProduct,
  FusedBatchNorm: normalized,
  FusedBatchNormV2: normalized,
  FusedBatchNormV3: normalized,
  FusedDepthwiseConv2dNative: (inputs) => fused(inputs, (bias) => convolution(inputs, true, bias)),
  MatMul: product,
  _FusedConv2D: (inputs) => fused(inputs, (bias) => convolution(inputs, false, bias)),
  _FusedMatMul: (inputs) =>
    fused(inputs, (bias) => (bias === undefined ? product(inputs) : add(product(inputs), bias))),
};
