import { producer, type Value } from "../graph/value.js";
import type { Layer } from "../nn/layer.js";
import type { SymbolicTensor } from "../nn/symbolic-tensor.js";

/** One step of a computation, seen from its result. */
interface Step<Tensor> {
  readonly inputs: readonly Tensor[];
  /** Whether it is a convolution, of the first input. */
  readonly convolves: boolean;
  /** Whether something that is not linear is the last that it does. */
  readonly activates: boolean;
  /** Whether it hands on what comes in, such as a pooling or a concatenation: activated if that was. */
  readonly handsOn: boolean;
}

/** How a computation is followed from its end. */
interface Walk<Tensor> {
  /** What made a tensor; `undefined` for what is fed, and for weights. */
  readonly stepBefore: (tensor: Tensor) => Step<Tensor> | undefined;
  /** Channels of a feature map; 0 for what is no feature map. */
  readonly channelsOf: (tensor: Tensor) => number;
}

/**
 * The nearest feature map before the last one that an activation has made, and that is at least half as wide: what goes into the
 * convolution that is nearest to the output, of those that take such a map.
 *
 * A network's last layers have learned to tell the classes that it was trained with, and drop what these did not need; what goes
 * into them still has it.
 *
 * @param width of what the network gives
 */
function penultimateOf<Tensor>(output: Tensor, width: number, walk: Walk<Tensor>): Tensor | undefined {
  const { stepBefore, channelsOf } = walk;
  const seen = new Set<Tensor>();
  const waiting = [output];
  // Nearest first: what a step needs is looked at after all that was waiting before.
  for (const tensor of waiting) {
    const step = seen.has(tensor) ? undefined : stepBefore(tensor);
    seen.add(tensor);
    if (step === undefined) continue;
    const [map] = step.inputs;
    if (step.convolves && map !== undefined && channelsOf(map) >= width / 2 && isActivated(map, walk)) return map;
    for (const input of step.inputs) waiting.push(input);
  }
  return undefined;
}

function isActivated<Tensor>(tensor: Tensor, walk: Walk<Tensor>): boolean {
  const step = walk.stepBefore(tensor);
  if (step === undefined) return false;
  return step.activates || (step.handsOn && step.inputs.every((one) => isActivated(one, walk)));
}

/** ONNX operators that are not linear, element by element. */
const activations: ReadonlySet<string> = new Set(
  "Celu Clip Elu Gelu HardSigmoid HardSwish LeakyRelu Mish PRelu Relu Selu Sigmoid Softplus Softsign Swish Tanh ThresholdedRelu".split(
    " ",
  ),
);
/** … and those that hand on what comes in. */
const handingOn: ReadonlySet<string> = new Set("AveragePool Cast Concat Dropout Identity MaxPool Pad".split(" "));

const graphWalk: Walk<Value> = {
  stepBefore: (value) => {
    const node = producer(value);
    if (node === undefined) return undefined;
    const { op } = node;
    const given = node.inputs.filter((one) => one !== undefined);
    // Two computed values multiplied are a gate, such as that of x · sigmoid(x).
    const gates = op === "Mul" && given.every((one) => producer(one) !== undefined);
    return {
      // Pads and limits are no data.
      inputs: op === "Concat" || op === "Mul" || op === "Add" ? given : given.slice(0, 1),
      convolves: op === "Conv",
      activates: gates || activations.has(op),
      handsOn: handingOn.has(op),
    };
  },
  channelsOf: ({ shape }) => numberOr0(shape.length === 4 ? shape[1] : 0),
};

/**
 * The same for a network that came as a graph of operators.
 *
 * @param output what the network gives, `[N, C, H, W]` or `[N, C]`
 * @returns `[N, C, H, W]`; `undefined` where there is none
 */
export function penultimateValue(output: Value): Value | undefined {
  return penultimateOf(output, numberOr0(output.shape[1]), graphWalk);
}

const convolutions: ReadonlySet<string> = new Set(["Conv2D", "DepthwiseConv2D", "SeparableConv2D"]);
const activatingLayers: ReadonlySet<string> = new Set(["ELU", "LeakyReLU", "Multiply", "PReLU", "ReLU"]);
const layersHandingOn: ReadonlySet<string> = new Set(
  "AveragePooling2D Concatenate Dropout GaussianNoise MaxPooling2D SpatialDropout2D ZeroPadding2D".split(" "),
);

function activates(layer: Layer): boolean {
  const { className } = layer;
  if (className !== "Activation" && !convolutions.has(className)) return activatingLayers.has(className);
  return layer.getConfig()["activation"] !== "linear";
}

const layerWalk: Walk<SymbolicTensor> = {
  stepBefore: (tensor) => {
    const call = tensor.call?.();
    if (call === undefined || call.inputs.length === 0) return undefined;
    const { layer, inputs } = call;
    const { className } = layer;
    return {
      inputs,
      convolves: convolutions.has(className),
      activates: activates(layer),
      handsOn: layersHandingOn.has(className),
    };
  },
  channelsOf: ({ shape }) => numberOr0(shape.length === 4 ? shape[3] : 0),
};

/**
 * The same for a network of Keras's layers.
 *
 * @param output what the network gives, `[N, H, W, C]` or `[N, C]`
 * @returns `[N, H, W, C]`; `undefined` where there is none
 */
export function penultimateTensor(output: SymbolicTensor): SymbolicTensor | undefined {
  return penultimateOf(output, numberOr0(output.shape.at(-1)), layerWalk);
}

function numberOr0(extent: unknown): number {
  return typeof extent === "number" ? extent : 0;
}
