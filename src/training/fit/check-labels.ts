import { UsageError } from "../../errors/errors.js";
import { quotedList } from "../../errors/words.js";
import type { Shape } from "../../graph/shape.js";
import type { Compiled, OutputLabels } from "../../models/compile-types.js";
import type { Batch, BatchSource, LabelledSamples } from "../../models/sources/batch-source.js";
import { adviceForLabel, expectedLabels, isWrongLabel } from "../../nn/label-rule.js";
import type { TensorData } from "../../onnx/tensor-data.js";
import type { LabelShapes } from "../programs/figures.js";
import { metByLoss } from "./met-by-loss.js";
import { labelsByOutputOf, ownWeightsOf } from "./targets.js";

/* A label that is no class has a loss all the same, which falls; so labels are looked at before they are learned from. */

/** What of a source its labels are checked by. */
export type Labelled = Pick<BatchSource, "everyLabel" | "labelNames" | "sampleName">;

/** What samples are for, for messages. */
export type SampleSet = "" | "validation ";

/** Numbers beside the classes that a loss or metric of an output leaves out; the others may meet them too. */
function ignoredBy(rules: readonly OutputLabels[]): ReadonlySet<number> {
  return new Set(
    rules.flatMap(({ rule }) => (rule.kind === "classes" && rule.ignored !== undefined ? [rule.ignored] : [])),
  );
}

/** `, at [3, 5]`: where in the labels of a sample a number stands. */
function placeIn(dims: readonly number[], position: number): string {
  const extents = dims.slice(1);
  if (extents.every((extent) => extent === 1)) return "";
  let rest = position;
  const place = extents.map((_, axis) => {
    const size = extents.slice(axis + 1).reduce((product, extent) => product * extent, 1);
    const index = Math.floor(rest / size);
    rest -= index * size;
    return index;
  });
  return `, at [${place.join(", ")}]`;
}

function refuse(
  value: number,
  found: OutputLabels,
  output: string,
  sample: { readonly key: number; readonly place: string },
  source: Labelled,
  set: SampleSet,
): never {
  const name = source.sampleName?.(sample.key);
  const className = source.labelNames?.[value];
  const { rule } = found;
  const wrong = rule.kind === "classes" ? "no class" : `outside [${rule.low}, ${rule.high}]`;
  throw new UsageError(`The label ${value} is ${wrong}.`, {
    subject: "y",
    expected: expectedLabels(found.owner, rule, `"${output}"`),
    received:
      `${value}${className === undefined ? "" : ` (class "${className}")`} for the ${set}sample ` +
      `${name ?? sample.key}${sample.place}`,
    advice: adviceForLabel(value, rule),
  });
}

/**
 * Refuses labels that are no classes, or no shares, and weights that are no numbers.
 *
 * @param samples their labels and weights, as in a batch
 * @param source whose samples they are
 * @param set what they are for
 * @throws UsageError for the first one
 */
export function checkLabels(samples: LabelledSamples, compiled: Compiled, source: Labelled, set: SampleSet): void {
  const ownWeights = ownWeightsOf(samples, compiled);
  labelsByOutputOf(samples, compiled).forEach((labels, output) => {
    const rules = labels === undefined ? [] : rulesOf(compiled, output, labels.dims);
    if (labels === undefined || rules.length === 0) return;
    const weights = ownWeights[output]?.data;
    checkEach(labels, samples.keys, { rules, output: compiled.outputs[output] ?? "", source, set, weights });
  });
  for (const weights of ownWeights) checkWeights(weights, samples.keys, source, set);
}

/** What the labels of an output must be: for losses and metrics, and for those that a loss of one's own passes them on to. */
function rulesOf(compiled: Compiled, output: number, labels: readonly number[]): readonly OutputLabels[] {
  const rules = compiled.labelRules[output] ?? [];
  const shape = compiled.shapes[output];
  const own = compiled.losses.find((one) => one.output === output)?.loss;
  if (shape === undefined || own?.hasOwnCall !== true) return rules;
  return [...rules, ...metByLoss(own, shape, labels).map((rule) => ({ ...rule, isWeighted: true }))];
}

/**
 * Refuses labels of a batch that losses and metrics were given in a step of a user's own, as {@link checkLabels} does.
 *
 * @param keys of the samples
 * @param rules of those losses and metrics
 * @throws UsageError for the first label that is none
 */
export function checkMetLabels(
  labels: TensorData<"float32">,
  keys: readonly number[],
  rules: readonly OutputLabels[],
  source: Labelled,
): void {
  checkEach(labels, keys, { rules, output: "yPred", source, set: "" });
}

/** Whether labels may be compared with an output, element by element or row by row; who compares them says so otherwise. */
function fits(labels: readonly number[], output: Shape): boolean {
  const missing = output.length - labels.length;
  return missing === 0 || missing === -1 || (missing === 1 && output.at(-1) === 1);
}

function checkEach(
  { data, dims }: TensorData<"float32">,
  keys: readonly number[],
  about: {
    readonly rules: readonly OutputLabels[];
    readonly output: string;
    readonly source: Labelled;
    readonly set: SampleSet;
    readonly weights?: Float32Array | undefined;
  },
): void {
  const ignored = ignoredBy(about.rules);
  const width = data.length / keys.length;
  // Of what is computed with a share, a weight of 0 leaves nothing, as in Keras; a class must be there to be looked up.
  const isLeftOut = (value: number, index: number, { rule, isWeighted = false }: OutputLabels): boolean =>
    isWeighted && rule.kind === "range" && Number.isFinite(value) && about.weights?.[Math.floor(index / width)] === 0;
  for (const found of about.rules) {
    if (found.rule.kind === "range" && !fits(dims, found.shape)) continue;
    const index = data.findIndex(
      (value, place) => isWrongLabel(value, found.rule, ignored) && !isLeftOut(value, place, found),
    );
    if (index < 0) continue;
    const row = Math.floor(index / width);
    const sample = { key: keys[row] ?? row, place: placeIn(dims, index - row * width) };
    refuse(data[index] ?? NaN, found, about.output, sample, about.source, about.set);
  }
}

function checkWeights(
  weights: TensorData<"float32"> | undefined,
  keys: readonly number[],
  source: Labelled,
  set: SampleSet,
): void {
  const index = weights?.data.findIndex((weight) => !Number.isFinite(weight)) ?? -1;
  if (index < 0) return;
  const key = keys[index] ?? index;
  throw new UsageError("The weight of a sample is not usable.", {
    subject: "sampleWeight",
    expected: "finite numbers",
    received: `${weights?.data[index]} for the ${set}sample ${source.sampleName?.(key) ?? key}`,
  });
}

/**
 * Checks all labels of a source, as far as they are known without its samples, and its list of classes.
 *
 * @throws UsageError for a label that is no class, or for more classes than the model has
 */
export function checkSource(source: Labelled, compiled: Compiled, set: SampleSet = ""): void {
  checkNames(source, compiled);
  for (const samples of source.everyLabel?.() ?? []) checkLabels(samples, compiled, source, set);
}

/** Checks the labels of a batch, unless {@link checkSource} has seen all. */
export function checkBatch(batch: LabelledSamples, source: Labelled, compiled: Compiled, set: SampleSet = ""): void {
  if (source.everyLabel === undefined) checkLabels(batch, compiled, source, set);
}

/** Batches, each of which is checked as by {@link checkBatch} when it is taken. */
export async function* checkedBatches(
  batches: Iterable<Batch> | AsyncIterable<Batch>,
  source: Labelled,
  compiled: Compiled,
  set: SampleSet = "",
): AsyncGenerator<Batch> {
  for await (const batch of batches) {
    checkBatch(batch, source, compiled, set);
    yield batch;
  }
}

/** Photos of some classes may come late: more folders than classes show at once. */
function checkNames({ labelNames }: Labelled, { labelRules, outputs }: Compiled): void {
  if (labelNames === undefined || outputs.length !== 1) return;
  for (const { owner, rule } of labelRules[0] ?? []) {
    if (rule.kind !== "classes" || rule.classes === undefined || rule.classes >= labelNames.length) continue;
    throw new UsageError(`There are more classes than the output "${outputs[0] ?? ""}" has.`, {
      subject: "classes",
      expected: `at most ${rule.classes}, which ${owner} compares`,
      received: `${labelNames.length}: ${quotedList(labelNames)}`,
      advice: `Give the last layer ${labelNames.length} units, or choose some of the classes.`,
    });
  }
}

/** How many classes the labels of the only output tell apart; `undefined` where they may be any numbers. */
function classCount({ labelRules }: Compiled, [shape]: LabelShapes): number | undefined {
  const rules = (labelRules[0] ?? []).map(({ rule }) => rule);
  const numbered = rules.find((rule) => rule.kind === "classes");
  if (numbered !== undefined) return numbered.classes;
  const columns = shape?.at(-1) ?? 1;
  return columns > 1 ? columns : rules.some((rule) => rule.kind === "range" && rule.low === 0) ? 2 : undefined;
}

/**
 * Refuses weights of classes that are not there.
 *
 * @throws UsageError for a key that is no class, or a weight that is no number
 */
export function checkClassWeight(
  classWeight: Readonly<Record<number, number>> | undefined,
  compiled: Compiled,
  { labelNames }: Labelled,
  labelShapes: LabelShapes,
): void {
  if (classWeight === undefined) return;
  const known = classCount(compiled, labelShapes) ?? labelNames?.length;
  for (const [key, weight] of Object.entries(classWeight)) {
    const number = Number(key);
    const isClass =
      known === undefined ? Number.isInteger(number) : Number.isInteger(number) && number >= 0 && number < known;
    if (!isClass || key.trim() === "") {
      const place = labelNames?.indexOf(key) ?? -1;
      throw new UsageError(`classWeight has a weight for "${key}", which is no class.`, {
        subject: "classWeight",
        expected:
          known === undefined ? "numbers of classes as keys" : `numbers of classes from 0 to ${known - 1} as keys`,
        received: `"${key}"`,
        advice: place < 0 ? undefined : `The class "${key}" has the number ${place}.`,
      });
    }
    if (typeof weight === "number" && Number.isFinite(weight)) continue;
    throw new UsageError(`classWeight has no usable weight for the class ${key}.`, {
      subject: "classWeight",
      expected: "a finite number",
      received: String(weight),
    });
  }
}
