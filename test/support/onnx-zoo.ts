import { readFileSync } from "node:fs";
import { layers, models, optimizers, Tensor } from "graft-ml";
import { withoutClassifier } from "../../src/applications/without-classifier.js";
import { externalDataBeside } from "../../src/formats/onnx/external-data.js";
import { importOnnx } from "../../src/formats/onnx/import-model.js";
import type { GraphModel } from "../../src/models/graph-model.js";
import type { OnnxModel } from "../../src/onnx/model.js";
import { readModel } from "../../src/onnx/read-model.js";

/* What Graft makes of networks as PyTorch's exporters write them: scripts/golden/onnx_zoo.py writes them, with what PyTorch gives. */

/** How many numbers a parameter has, and the sums of w, w², g, g² and w·g, which its layout does not change. */
export type Sums = readonly [count: number, w: number, ww: number, g: number, gg: number, wg: number];

/** What `NAME.json` says of a network. */
export interface Expected {
  readonly side: number;
  readonly output: readonly number[];
  readonly values: readonly number[];
  /** Features as timm cuts them, by what timm calls them. */
  readonly cuts: Readonly<Record<string, { readonly shape: readonly number[]; readonly values: readonly number[] }>>;
  /** Of each parameter, under the mean of the squared output. */
  readonly gradients: Readonly<Record<string, Sums>>;
}

/** What came of a file. */
export interface Measured {
  /** Shape of the whole network's output. */
  output: readonly number[];
  /** The greatest difference of its outputs, by the greatest output. */
  error: number;
  /** Shape of the features in Keras's order. */
  features: readonly unknown[];
  /** The features of timm that these equal when pooled, with the difference. */
  cut: Readonly<Record<string, number>>;
  stages: readonly string[];
  /** Parameters of PyTorch that the last stage trains. */
  trained: readonly string[];
  /** Weights of the last stage that are no parameter of PyTorch. */
  unknown: readonly string[];
  /** Parameters of PyTorch between the first and the last that are trained, but are not. */
  missed: readonly string[];
  /** The greatest difference of a gradient of the last stage, by its norm, and whose it is. */
  gradient: number;
  worst: string;
  losses: readonly number[];
}

/** The two pictures of the script, in Keras's order. */
export function pictures(side: number): Tensor {
  const data = new Float32Array(2 * 3 * side * side);
  data.forEach((_, index) => {
    const [pixel, channel] = [Math.floor(index / 3), index % 3];
    const [picture, place] = [Math.floor(pixel / (side * side)), pixel % (side * side)];
    data[index] = Math.fround(Math.sin(0.37 * ((picture * 3 + channel) * side * side + place)));
  });
  return new Tensor("float32", data, [2, side, side, 3]);
}

export function readExpected(path: string): Expected {
  return JSON.parse(readFileSync(path.replace(/-(old|fixed|new)\.onnx$/, ".json"), "utf8")) as Expected;
}

export function readZoo(path: string): OnnxModel {
  return readModel(readFileSync(path), path, externalDataBeside(path));
}

/** The greatest difference of two lists, by the greatest number of the second; infinite where their lengths differ. */
export function difference(a: ArrayLike<number | bigint>, b: readonly number[]): number {
  if (a.length !== b.length) return Infinity;
  const most = b.reduce((greatest, value) => Math.max(greatest, Math.abs(value)), 0);
  const worst = b.reduce((greatest, value, index) => Math.max(greatest, Math.abs(Number(a[index]) - value)), 0);
  return Number.isFinite(worst) ? worst / Math.max(most, 1e-12) : Infinity;
}

/** The only output of a model. */
export async function outputOf(model: models.Model | GraphModel, photos: Tensor): Promise<Tensor> {
  const output = await model.predict(photos, { verbose: 0 });
  if (!(output instanceof Tensor)) throw new Error("several outputs");
  return output;
}

/** Lets the layers from one on learn, and no others. */
function unfreezeFrom(model: GraphModel, name: string | undefined): void {
  const start = model.layers.findIndex((layer) => layer.name === name);
  model.layers.forEach((layer, index) => {
    layer.trainable = index >= start;
  });
}

function sumsOf(w: ArrayLike<number>, g: ArrayLike<number>): Sums {
  let [sumW, sumWw, sumG, sumGg, sumWg] = [0, 0, 0, 0, 0];
  for (let i = 0; i < w.length; i++) {
    const [a, b] = [w[i] ?? 0, g[i] ?? 0];
    sumW += a;
    sumWw += a * a;
    sumG += b;
    sumGg += b * b;
    sumWg += a * b;
  }
  return [w.length, sumW, sumWw, sumG, sumGg, sumWg];
}

/** Whether two parameters hold the same numbers. */
function sameNumbers([count, w, ww]: Sums, [otherCount, otherW, otherWw]: Sums): boolean {
  const close = (a: number, b: number, scale: number): boolean => Math.abs(a - b) <= 2e-5 * scale;
  return count === otherCount && close(ww, otherWw, otherWw) && close(w, otherW, Math.sqrt(count * otherWw));
}

/** How far a gradient is from another one, by its norm; that of the tensor's own. */
function gradientError([count, , ww, g, gg, wg]: Sums, [, , , otherG, otherGg, otherWg]: Sums, floor: number): number {
  const norm = Math.max(Math.sqrt(otherGg), floor);
  return Math.max(
    Math.abs(Math.sqrt(gg) - Math.sqrt(otherGg)) / norm,
    Math.abs(g - otherG) / (norm * Math.sqrt(count)),
    Math.abs(wg - otherWg) / (norm * Math.sqrt(ww)),
  );
}

/** The gradients of the last stage by the mean of the squared output, out of one step of gradient descent. */
async function compareGradients(
  file: OnnxModel,
  path: string,
  stage: string | undefined,
  expected: Expected,
): Promise<Pick<Measured, "trained" | "unknown" | "missed" | "gradient" | "worst">> {
  const model = importOnnx(file, { file: path });
  unfreezeFrom(model, stage);
  const scale = expected.values.reduce((sum, value) => sum + value * value, 0) / expected.values.length;
  const learningRate = 1e3 / Math.sqrt(scale);
  model.compile({ optimizer: new optimizers.SGD({ learningRate }), loss: "mse" });
  const variables = model.trainableWeights;
  const before = variables.map((variable) => Array.from(variable.value.data));
  const target = new Tensor("float32", new Float32Array(expected.values.length), [...expected.output]);
  await model.trainOnBatch(pictures(expected.side), target);
  const known = Object.entries(expected.gradients);
  const most = Math.max(...known.map(([, sums]) => Math.sqrt(sums[4])));
  const floor = 1e-3 * most;
  const trained: string[] = [];
  const unknown: string[] = [];
  let [gradient, worst] = [0, ""];
  variables.forEach((variable, index) => {
    const old = before[index] ?? [];
    const now = variable.value.data;
    const sums = sumsOf(
      old,
      old.map((value, at) => (value - (now[at] ?? 0)) / learningRate),
    );
    // Of several with the same numbers, as a normalization's at the beginning, the one whose gradient is meant.
    const alike = known.filter(([name, one]) => sameNumbers(sums, one) && !trained.includes(name));
    const [found] = alike.sort(([, a], [, b]) => gradientError(sums, a, floor) - gradientError(sums, b, floor));
    if (found === undefined) {
      unknown.push(variable.name);
      return;
    }
    trained.push(found[0]);
    const error = gradientError(sums, found[1], floor);
    if (!(error <= gradient)) [gradient, worst] = [error, found[0]];
  });
  const plain = (name: string): string => name.replace(/ fused$/, "");
  const names = known.map(([name]) => name).filter((name) => !name.endsWith(" fused"));
  const places = trained.map((name) => names.indexOf(plain(name)));
  const own = new Set(trained.map(plain));
  const missed = names
    .slice(Math.min(...places), Math.max(...places))
    .filter((name) => !own.has(name) && (expected.gradients[name]?.[4] ?? 0) > 0);
  return { trained, unknown, missed, gradient, worst };
}

/** Three steps of the last stage under a new head. */
async function learn(base: GraphModel, side: number): Promise<number[]> {
  unfreezeFrom(base, base.stages.at(-1));
  const inputs = layers.Input({ shape: [side, side, 3] });
  const features = base.apply(inputs);
  const pooled = features.shape.length === 4 ? new layers.GlobalAveragePooling2D().apply(features) : features;
  const classifier = new models.Model({ inputs, outputs: new layers.Dense(2).apply(pooled) });
  classifier.compile({ optimizer: new optimizers.Adam({ learningRate: 1e-4 }), loss: "mse" });
  const wanted = new Tensor("float32", Float32Array.from([1, 0, 0, 1]), [2, 2]);
  const losses: number[] = [];
  for (let step = 0; step < 4; step++)
    losses.push((await classifier.trainOnBatch(pictures(side), wanted))["loss"] ?? NaN);
  return losses;
}

/** All that is measured of one file. */
export async function measure(path: string): Promise<Measured> {
  const expected = readExpected(path);
  const file = readZoo(path);
  const photos = pictures(expected.side);
  const whole = importOnnx(file, { file: path });
  const output = await outputOf(whole, photos);
  const base = withoutClassifier(file, { name: "base", file: path });
  const gradients = await compareGradients(file, path, base.stages.at(-1), expected);
  const features = await outputOf(base, photos);
  const pooled = pool(features);
  const cut = Object.entries(expected.cuts).map(([name, { values }]) => [name, difference(pooled, values)] as const);
  return {
    output: output.dims,
    error: difference(output.data as Float32Array, expected.values),
    features: base.outputShape,
    cut: Object.fromEntries(cut),
    stages: base.stages,
    ...gradients,
    losses: await learn(base, expected.side),
  };
}

/** Means of a map's channels; features as they are. */
function pool({ dims, data }: Tensor): number[] {
  const numbers = Array.from(data as Float32Array);
  if (dims.length !== 4) return numbers;
  const [count = 0, height = 0, width = 0, channels = 0] = dims;
  const places = height * width;
  return Array.from({ length: count * channels }, (_, index) => {
    const [picture, channel] = [Math.floor(index / channels), index % channels];
    let sum = 0;
    for (let at = 0; at < places; at++) sum += numbers[(picture * places + at) * channels + channel] ?? 0;
    return sum / places;
  });
}
