import { ShapeError, UsageError } from "../../errors/errors.js";
import type { Batch, LabelledSamples } from "../../models/sources/batch-source.js";
import { quoted } from "../../models/each.js";
import type { FitOptions } from "../../models/training-types.js";
import type { Compiled } from "../../models/compile-types.js";
import { float32, type TensorData } from "../../onnx/tensor-data.js";
import { type Tensor, toTensor } from "../../runtime/runtime.js";
import { names } from "../programs/names.js";
import { greatest } from "../../onnx/extremes.js";

type Float32 = TensorData<"float32">;

/** What the outputs of a model are compared with in one batch. */
export interface Targets {
  /** Number of samples. */
  readonly size: number;
  /** Labels of each output; `undefined` where neither a loss nor a metric wants them. */
  readonly labelsByOutput: readonly (Float32 | undefined)[];
  /** `[N]`: how much each sample counts in the loss of each output. */
  readonly sampleWeights: readonly Float32[];
}

/**
 * What a batch has for each output.
 *
 * @param given for all outputs in the model's order, or for those with a loss
 * @param what in words, for messages
 */
function placed(
  given: readonly (Float32 | undefined)[],
  { outputs, losses }: Compiled,
  what: string,
): readonly (Float32 | undefined)[] {
  if (given.length === outputs.length) return given;
  const places = losses.map(({ output }) => output);
  if (given.length === places.length) {
    const found = outputs.map((_, output) => places.indexOf(output));
    return found.map((place) => (place < 0 ? undefined : given[place]));
  }
  throw new UsageError(`There are not as many ${what} as outputs.`, {
    subject: what,
    expected: `${what} for each of ${quoted(outputs)}${places.length === outputs.length ? "" : ", or for those with a loss"}`,
    received: `${given.length}`,
    advice: "Give a list in the order of model.outputNames, or a record by these names.",
  });
}

/** Whether a loss or a metric wants the labels of each output. */
function wanted({ outputs, losses, metrics }: Compiled): boolean[] {
  const compared = new Set([...losses, ...metrics].map(({ output }) => output));
  return outputs.map((_, output) => compared.has(output));
}

/** Labels of each output, as far as they are wanted. */
export function labelsByOutputOf(batch: LabelledSamples, compiled: Compiled): readonly (Float32 | undefined)[] {
  const isWanted = wanted(compiled);
  const given = batch.labelsByOutput ?? (batch.labels === undefined ? undefined : [batch.labels]);
  if (given === undefined) {
    if (!isWanted.includes(true)) return compiled.outputs.map(() => undefined);
    throw new UsageError("The samples have no labels.", {
      subject: "y",
      expected: "labels, in `y` or from the source (classMode)",
      received: "none",
    });
  }
  const labelsByOutput = placed(given, compiled, "labels");
  return compiled.outputs.map((name, output) => {
    if (isWanted[output] !== true) return undefined;
    const labels = labelsByOutput[output];
    if (labels !== undefined) return labels;
    throw new UsageError(`There are no labels for the output "${name}".`, {
      subject: "y",
      expected: `labels for "${name}", which has a loss or metrics`,
      received: "none",
    });
  });
}

/** Weights of samples for each output, as they were given. */
export function ownWeightsOf(batch: LabelledSamples, compiled: Compiled): readonly (Float32 | undefined)[] {
  if (batch.sampleWeights === undefined) return compiled.outputs.map(() => batch.sampleWeight);
  return placed(batch.sampleWeights, compiled, "sample weights");
}

/** Shapes of the labels of one sample, for each output; `undefined` where none are wanted. */
export function labelShapesOf(
  batch: Batch | undefined,
  compiled: Compiled,
): readonly (readonly number[] | undefined)[] {
  if (batch === undefined) return compiled.outputs.map(() => undefined);
  return labelsByOutputOf(batch, compiled).map((labels) => labels?.dims.slice(1));
}

/** `[N]` weights of an output's samples. */
function weightsOf(given: Float32 | undefined, size: number, output: string): Float32 {
  if (given === undefined) return float32(new Float32Array(size).fill(1), [size]);
  if (given.data.length === size) return float32(given.data, [size]);
  throw new ShapeError("There is not one weight for each sample.", {
    subject: "sampleWeight",
    expected: `shape [${size}] for the output "${output}"`,
    received: `shape [${given.dims.join(", ")}]`,
  });
}

/** The class that each sample's label says: a number, or the greatest column. */
function classesOf({ data }: Float32, size: number): number[] {
  const width = data.length / size;
  return Array.from({ length: size }, (_, index) => {
    const row = data.subarray(index * width, (index + 1) * width);
    return width === 1 ? Math.round(row[0] ?? 0) : row.indexOf(greatest(row));
  });
}

/** What `classWeight` makes of each sample's labels; only for labels of one output, as in Keras. */
function classFactors(
  labelsByOutput: readonly (Float32 | undefined)[],
  size: number,
  classWeight: NonNullable<FitOptions["classWeight"]>,
): readonly number[] {
  const given = labelsByOutput.filter((labels) => labels !== undefined);
  const [labels] = given;
  if (labels === undefined || given.length > 1) {
    throw new UsageError("Weights of classes are for models with one output.", {
      subject: "classWeight",
      expected: "labels of one output",
      received: `labels of ${given.length}`,
      advice: "Give each output weights of its samples: sampleWeight.",
    });
  }
  return classesOf(labels, size).map((label) => classWeight[label] ?? 1);
}

/** What `classWeight` makes of each sample of a batch, whatever the model does with its labels. */
export function classFactorsOf(batch: Batch, classWeight: NonNullable<FitOptions["classWeight"]>): readonly number[] {
  const labels = batch.labelsByOutput ?? [batch.labels];
  return classFactors(labels, batch.keys.length, classWeight);
}

/**
 * Labels and weights of a batch for each output of a model: weights of samples times those of their classes.
 *
 * @throws UsageError when labels are missing that a loss or a metric wants
 */
export function targetsOf(batch: Batch, compiled: Compiled, classWeight?: FitOptions["classWeight"]): Targets {
  const size = batch.keys.length;
  const labelsByOutput = labelsByOutputOf(batch, compiled);
  const factors = classWeight === undefined ? undefined : classFactors(labelsByOutput, size, classWeight);
  const own = ownWeightsOf(batch, compiled);
  const sampleWeights = compiled.outputs.map((output, index) => {
    const weights = weightsOf(own[index], size, output);
    if (factors === undefined) return weights;
    return float32(
      weights.data.map((weight, row) => weight * (factors[row] ?? 1)),
      [size],
    );
  });
  return { size, labelsByOutput, sampleWeights };
}

/** Targets under the names that programs know them by. */
export function targetFeeds({ labelsByOutput, sampleWeights }: Targets): Record<string, Tensor> {
  const feeds: Record<string, Tensor> = {};
  labelsByOutput.forEach((labels, output) => {
    if (labels !== undefined) feeds[names.labels(output)] = toTensor(labels);
  });
  sampleWeights.forEach((weights, output) => {
    feeds[names.sampleWeight(output)] = toTensor(weights);
  });
  return feeds;
}
