import { show } from "../../errors/check.js";
import { ShapeError, UsageError } from "../../errors/errors.js";
import { formatShape, sameShape } from "../../graph/shape.js";
import type { Value } from "../../graph/value.js";
import { isTensor, type Tensor } from "../../runtime/runtime.js";
import { type Recording, recordingOf } from "../eager/recording.js";
import { TapeRecording } from "../eager/tape-recording.js";
import { describeOperand, inGraphOrder, inKerasOrder } from "../operations/operand.js";
import { presentContext } from "../scope.js";
import { SymbolicTensor } from "../symbolic-tensor.js";
import { Variable } from "../variable.js";
import type { UpdateRule } from "./update-rule.js";

/** The computation that gradients belong to; arrays alone have a new one. */
function computationOf(gradients: readonly unknown[]): Recording {
  const traced = gradients.flatMap((gradient) => (gradient instanceof SymbolicTensor ? (gradient.traced ?? []) : []));
  const [first] = traced;
  const present = presentContext();
  const found = recordingOf(first?.context ?? present ?? new TapeRecording());
  return found ?? new TapeRecording();
}

/** A gradient in the order of axes of its weight. */
function valueOf(gradient: unknown, weight: Variable, recording: Recording): Value {
  const traced = gradient instanceof SymbolicTensor ? gradient.traced : undefined;
  if (!isTensor(gradient) && (traced === undefined || recordingOf(traced.context) !== recording)) {
    throw new UsageError(`The gradient of the weight "${weight.path}" is none.`, {
      subject: weight.path,
      expected: "what GradientTape.gradient gave, all of one tape, or an array (Tensor)",
      received: gradient === undefined || gradient === null ? "nothing" : describeOperand(gradient),
    });
  }
  const value = traced?.value ?? inGraphOrder(recording.array(gradient as Tensor));
  const inOrder = inKerasOrder(value);
  if (sameShape(inOrder.shape, weight.shape)) return inOrder;
  throw new ShapeError(`The gradient of the weight "${weight.path}" has another shape than the weight.`, {
    subject: weight.path,
    expected: formatShape(weight.shape),
    received: formatShape(inOrder.shape),
  });
}

/**
 * One step of an optimizer, by gradients of a user's own. It is written down at once, so that mistakes show at once.
 *
 * @throws UsageError when there are not as many gradients as weights, or something else works on the weights
 */
export function applyGradients(
  optimizer: UpdateRule,
  gradients: readonly (SymbolicTensor | Tensor)[],
  weights: readonly Variable[],
): Promise<void> {
  for (const [name, list] of Object.entries({ gradients, weights } as Record<string, unknown>)) {
    if (Array.isArray(list) && list.length > 0) continue;
    throw new UsageError("apply needs gradients and weights.", {
      subject: name,
      expected: "a list, such as tape.gradient(loss, weights) and model.trainableWeights",
      received: show(list),
    });
  }
  if (gradients.length !== weights.length) {
    throw new UsageError("There are not as many gradients as weights.", {
      subject: "apply",
      expected: `${weights.length} gradients`,
      received: `${gradients.length}`,
    });
  }
  const recording = computationOf(gradients);
  const pairs = weights.map((weight, index) => {
    if (weight instanceof Variable) return [valueOf(gradients[index], weight, recording), weight] as const;
    throw new UsageError("This is no weight.", {
      subject: "weights",
      expected: "weights, such as model.trainableWeights",
      received: describeOperand(weight),
    });
  });
  recording.renew(optimizer, pairs);
  return recording instanceof TapeRecording ? recording.runChanges("optimizer.apply", [optimizer]) : Promise.resolve();
}
