import { layers, models, Tensor } from "graft-ml";
import { toTensor } from "../../src/runtime/runtime.js";
import { readGolden } from "./golden.js";
import { type GoldenTensor } from "./nn-graph.js";
import { wave, waveLabels, waveWeights } from "./wave.js";

/** Figures by name. */
export type Logs = Readonly<Record<string, number>>;

/** What scripts/golden/several_outputs.py says of a case. */
export interface GoldenCase {
  readonly logs: readonly Logs[];
  readonly evaluated: Logs;
  /** What Keras's evaluate gives as a list. */
  readonly listed: readonly number[];
  readonly predicted: readonly GoldenTensor[];
  readonly weights: readonly GoldenTensor[];
  /** Further steps, after the model was saved. */
  readonly after: { readonly logs: readonly Logs[]; readonly weights: readonly GoldenTensor[] };
}

/** test/golden/several-outputs.json. */
export interface SeveralOutputs {
  readonly cases: Readonly<Record<string, GoldenCase>>;
  readonly fit: { readonly history: Readonly<Record<string, number[]>>; readonly weights: readonly GoldenTensor[] };
  readonly twice: { readonly names: readonly string[]; readonly logs: Logs };
}

export const severalOutputs = await readGolden<SeveralOutputs>("several-outputs.json");

/** The network of `two_by_two` in scripts/golden/several_outputs.py. */
export function twoByTwo(): models.Model {
  const picture = layers.Input({ shape: [6, 6, 3], name: "picture" });
  const facts = layers.Input({ shape: [4], name: "facts" });
  const stem = new layers.Conv2D(4, 3, { activation: "relu", name: "stem", trainable: false }).apply(picture);
  const norm = new layers.BatchNormalization({ name: "norm", trainable: false }).apply(stem);
  const shape = new layers.Conv2D(5, 3, {
    activation: "relu",
    name: "shape",
    kernelRegularizer: "l2",
  }).apply(norm);
  const seen = new layers.GlobalAveragePooling2D({ name: "seen" }).apply(shape);
  const colour = new layers.GlobalMaxPooling2D({ name: "colour" }).apply(norm);
  const known = new layers.Dense(3, { activation: "tanh", name: "known", trainable: false }).apply(facts);
  const both = new layers.Concatenate({ name: "both" }).apply([seen, colour, known]);
  const grade = new layers.Dense(1, { activation: "sigmoid", name: "grade" }).apply(both);
  const scale = new layers.BatchNormalization({ name: "scale" }).apply(both);
  const kind = new layers.Dense(3, { activation: "softmax", name: "kind" }).apply(scale);
  const model = new models.Model({ inputs: [picture, facts], outputs: [grade, kind], name: "two_by_two" });
  waveWeights(model);
  return model;
}

/** Pictures and facts. */
export function inputs(count: number, key: number): [picture: Tensor, facts: Tensor] {
  return [toTensor(wave([count, 6, 6, 3], key)), toTensor(wave([count, 4], key + 1))];
}

/** Labels of both outputs. */
export function labelsByOutput(count: number, step: number): [grade: Tensor, kind: Tensor] {
  const { data } = waveLabels(count, step, 1);
  return [new Tensor("float32", data, [count, 1]), toTensor(waveLabels(count, step + 1, 3))];
}

/** Weights of the samples for both outputs. */
export function weights(count: number): [grade: Tensor, kind: Tensor] {
  return [toTensor(wave([count], 7, 0.9, 1)), toTensor(wave([count], 8, 0.9, 1))];
}

/** What a step is given. */
export interface Samples {
  readonly x: models.InputArrays;
  readonly y: models.OutputArrays;
  readonly sampleWeight?: models.OutputArrays;
  readonly classWeight?: Readonly<Record<number, number>>;
}

/** The samples of each case. */
export const batches: Readonly<Record<string, (count: number, step: number) => Samples>> = {
  listed: (count, step) => ({
    x: inputs(count, 100 + 2 * step),
    y: labelsByOutput(count, step),
    sampleWeight: weights(count),
  }),
  named(count, step) {
    const [picture, facts] = inputs(count, 100 + 2 * step);
    const [grade, kind] = labelsByOutput(count, step);
    // As in Keras, what is named and is no input is left out.
    return { x: { facts, unused: facts, picture }, y: { kind, grade } };
  },
  oneLossForAll: (count, step) => ({
    x: inputs(count, 100 + 2 * step),
    y: labelsByOutput(count, step),
    sampleWeight: weights(count)[0],
  }),
  kindAlone: (count, step) => ({
    x: inputs(count, 100 + 2 * step),
    y: labelsByOutput(count, step)[1],
    classWeight: { 0: 0.5, 2: 3 },
  }),
  gradeCompared: (count, step) => ({ x: inputs(count, 100 + 2 * step), y: labelsByOutput(count, step) }),
};
