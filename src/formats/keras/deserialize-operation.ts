import { z } from "zod";
import { UsageError } from "../../errors/errors.js";
import type { Layer } from "../../nn/layer.js";
import { Add, Maximum, Minimum, Multiply, Rescaling, Subtract } from "../../nn/layers/index.js";
import type { Call } from "./deserialize-call.js";

/** `y = x · scale + offset` for an operation with a number behind the tensor, and in front of it. */
const withNumber: Readonly<
  Record<string, readonly [behind: (c: number) => [number, number], front?: (c: number) => [number, number]]>
> = {
  Add: [(c) => [1, c], (c) => [1, c]],
  Subtract: [(c) => [1, -c], (c) => [-1, c]],
  Multiply: [(c) => [c, 0], (c) => [c, 0]],
  Divide: [(c) => [1 / c, 0]],
  TrueDivide: [(c) => [1 / c, 0]],
};

const ofTensors: Readonly<Record<string, new (options: { readonly name: string }) => Layer>> = {
  Add,
  Subtract,
  Multiply,
  Maximum,
  Minimum,
};

/** Whether a file's layer is one of Keras's functions: `x * 2` in a functional model is a `keras.src.ops.numpy.Multiply`. */
export function isOperation(module: string | null | undefined, calls: readonly Call[]): boolean {
  return module === "keras.src.ops.numpy" || calls.some(({ numbers }) => numbers.size > 0);
}

/** Keras 2's names of operations, which are TensorFlow's. */
const oldNames: Readonly<Record<string, string>> = {
  "__operators__.add": "Add",
  "math.add": "Add",
  "math.subtract": "Subtract",
  "math.multiply": "Multiply",
  "math.divide": "Divide",
  "math.truediv": "TrueDivide",
  "math.maximum": "Maximum",
  "math.minimum": "Minimum",
};

/** The operation of a `TFOpLambda`, as which Keras 2 wrote arithmetic on tensors: Keras 3's name of it. */
export function oldOperation(config: unknown): string {
  const named = z.looseObject({ function: z.string() }).safeParse(config);
  const name = named.success ? named.data.function : "?";
  return oldNames[name] ?? `tf.${name}`;
}

/**
 * The layer that does what arithmetic on tensors of a functional model does.
 *
 * @param className the operation, such as `"Add"`
 * @param name the layer's name
 * @throws UsageError for another operation, or arguments that no layer takes
 */
export function operationLayer(className: string, name: string, calls: readonly Call[]): Layer {
  const [call, ...others] = calls;
  if (call !== undefined && others.length === 0) {
    const Tensors = ofTensors[className];
    if (call.numbers.size === 0 && call.inputs.length === 2 && Tensors !== undefined) return new Tensors({ name });
    const [behind, front] = withNumber[className] ?? [];
    const [[place, number] = [0, Number.NaN]] = call.numbers;
    const factors = place === 0 ? front?.(number) : behind?.(number);
    if (call.numbers.size === 1 && call.inputs.length === 1 && factors !== undefined) {
      return new Rescaling(factors[0], { offset: factors[1], name });
    }
  }
  throw new UsageError(`Graft has no layer for the operation "${className}" with these arguments.`, {
    subject: className,
    expected: "+, -, * and / of tensors and single numbers, or one of Keras's layers",
    received: `${String(call?.inputs.length ?? 0)} tensors and ${String(call?.numbers.size ?? 0)} numbers`,
    advice: "Replace it by one of Keras's layers, or export the model as ONNX and load that.",
  });
}
