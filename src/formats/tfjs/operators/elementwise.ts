import { constant, type Value } from "../../../graph/value.js";
import { graphAxis, toChannelsFirst } from "../../../nn/channels.js";
import { float32 } from "../../../onnx/tensor-data.js";
import { elu, leakyRelu, prelu, relu, selu, sigmoid, softplus, tanh } from "../../../ops/activations.js";
import * as elementwise from "../../../ops/elementwise.js";
import { logSoftmax, softmax } from "../../../ops/softmax.js";
import { unsqueeze } from "../../../ops/layout.js";
import { attributeOf } from "../attributes.js";
import { channelsSecond, type NodeInputs, type Operator, type Operators } from "./node-inputs.js";

/** Activations by the names under which the converter fuses them. */
export const activations: Readonly<Record<string, (x: Value) => Value>> = {
  Relu: relu,
  Relu6: (x) => elementwise.clip(x, 0, 6),
  Elu: (x) => elu(x),
  Selu: (x) => selu(x),
  Sigmoid: sigmoid,
  Tanh: tanh,
  Softplus: softplus,
};

const unary: Readonly<Record<string, (x: Value) => Value>> = {
  ...activations,
  Abs: elementwise.abs,
  Ceil: elementwise.ceil,
  Erf: elementwise.erf,
  Exp: elementwise.exp,
  Floor: elementwise.floor,
  Log: elementwise.log,
  Neg: elementwise.neg,
  Reciprocal: elementwise.reciprocal,
  Round: elementwise.round,
  Rsqrt: (x) => elementwise.reciprocal(elementwise.sqrt(x)),
  Sign: elementwise.sign,
  Sqrt: elementwise.sqrt,
  Square: elementwise.square,
};

/** Two inputs with axes in front of the shorter, so that TensorFlow's broadcasting is that of the graph. */
function aligned(inputs: NodeInputs, first = 0, second = 1): [Value, Value] {
  const rankOf = (index: number): number => {
    const known = inputs.at(index);
    return known.kind === "value" ? known.value.rank : known.kind === "constant" ? known.tensor.dims.length : 1;
  };
  const rank = Math.max(rankOf(first), rankOf(second));
  const widened = (index: number): Value => {
    const known = inputs.at(index);
    const missing = rank - rankOf(index);
    // Single numbers fit everywhere.
    if (rank < 4 || missing === 0 || rankOf(index) === 0) return inputs.value(index);
    const axes = Array.from({ length: missing }, (_, axis) => axis);
    if (known.kind !== "constant") return toChannelsFirst(unsqueeze(inputs.value(index), axes));
    const { dims, data } = inputs.constant(index);
    return constant(channelsSecond(float32(data, [...axes.map(() => 1), ...dims])));
  };
  return [widened(first), widened(second)];
}

const binary: Readonly<Record<string, (a: Value, b: Value) => Value>> = {
  Add: elementwise.add,
  AddV2: elementwise.add,
  BiasAdd: elementwise.add,
  Div: elementwise.div,
  DivNoNan: elementwise.div,
  Maximum: (a, b) => elementwise.max([a, b]),
  Minimum: (a, b) => elementwise.min([a, b]),
  Mul: elementwise.mul,
  Pow: elementwise.pow,
  RealDiv: elementwise.div,
  SquaredDifference: (a, b) => elementwise.square(elementwise.sub(a, b)),
  Sub: elementwise.sub,
};

function alongAxis(inputs: NodeInputs, change: (x: Value, attributes: { readonly axis: number }) => Value): Value {
  const x = inputs.value();
  return change(x, { axis: graphAxis(-1, x.rank, inputs.node.op) });
}

function tableOf<F>(functions: Readonly<Record<string, F>>, call: (change: F) => Operator): Operators {
  return Object.fromEntries(Object.entries(functions).map(([name, change]) => [name, call(change)]));
}

/** Functions of single numbers, activations among them. */
export const elementwiseOperators: Operators = {
  ...tableOf(unary, (change) => (inputs) => change(inputs.value())),
  ...tableOf(binary, (change) => (inputs) => change(...aligned(inputs))),
  AddN: (inputs) => inputs.values().reduce(elementwise.add),
  LeakyRelu: (inputs) => leakyRelu(inputs.value(), { alpha: attributeOf(inputs.node, "alpha", "float", 0.2) }),
  LogSoftmax: (inputs) => alongAxis(inputs, logSoftmax),
  Prelu: (inputs) => prelu(...aligned(inputs)),
  Softmax: (inputs) => alongAxis(inputs, softmax),
  _UnaryOpsComposition: (inputs) =>
    attributeOf(inputs.node, "op_names", "strings").reduce((value, name) => {
      const next = unary[name];
      if (next === undefined) throw inputs.refuse("functions of one value", name);
      return next(value);
    }, inputs.value()),
};
