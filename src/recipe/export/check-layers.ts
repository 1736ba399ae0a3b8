import { EngineError } from "../../errors/errors.js";
import { rebuild } from "../../graph/rebuild.js";
import { constant, input, type Node, producer, type Value } from "../../graph/value.js";
import { modelOfLayers } from "../../formats/keras/model-of-layers.js";
import type { LayerGraph } from "../../formats/layers/layer-spec.js";
import { float32 } from "../../onnx/tensor-data.js";
import { add, mul } from "../../ops/elementwise.js";
import { scalarLike } from "../../ops/constants.js";
import { Generator } from "../../random/generator.js";
import { fromTensor, type Runtime, toTensor } from "../../runtime/runtime.js";
import { createSession } from "../../runtime/session.js";
import { inferenceGraph } from "../../training/programs/inference-graph.js";
import type { ClassifierNetwork } from "./exportable.js";

/** Drawn pictures that both look at. */
const pictures = 4;

/**
 * By how much logits may differ, as a multiple of how far the classifier's own move when its sums are rounded otherwise. Where it was
 * measured, with 35 networks, it was 1.9 at most.
 */
const ofNoise = 4;

/** By how much they may differ in any case, as a part of their standard deviation. */
const ofSpread = 3e-5;

/** As a part of their standard deviation: logits that rounding alone moves by more than this cannot be compared. */
const mostNoise = 0.05;

/** Pictures of soft spots with noise on them, whole numbers in [0, 255], `[4, 3, side, side]`. */
function drawnPictures(side: number): Float32Array {
  const random = new Generator(1);
  const data = new Float32Array(pictures * 3 * side * side);
  for (let plane = 0; plane < pictures * 3; plane++) {
    const [across, down, phase] = [random.uniform(1, 9), random.uniform(1, 9), random.uniform(0, 6)];
    for (let place = 0; place < side * side; place++) {
      const [x, y] = [(place % side) / side, Math.floor(place / side) / side];
      const soft = 127.5 * (1 + Math.sin(phase + across * x) * Math.cos(down * y));
      data[plane * side * side + place] = Math.round(Math.min(255, Math.max(0, soft + random.uniform(-30, 30))));
    }
  }
  return data;
}

/** Two steps of float32 near 1: what a sum of products loses. */
const step = 2 ** -22;

/** Operators that sum products: another program sums in another order. */
const summing: ReadonlySet<string> = new Set(["Conv", "Gemm", "MatMul"]);

/** The same graph with each sum of products rounded a little otherwise, in each channel by itself. */
function roundedOtherwise(output: Value): Value {
  const random = new Generator(2);
  return rebuild([output], new Map(), (node, inputs) => {
    const [sum] = node.outputs;
    const factors = summing.has(node.op) && sum !== undefined ? factorsOf(node, sum, random) : undefined;
    const [same] = factors === undefined ? [] : node.withInputs(inputs).outputs;
    return factors === undefined || same === undefined ? undefined : [mul(same, factors)];
  })(output);
}

function factorsOf({ op }: Node, sum: Value, random: Generator): Value | undefined {
  const channels = sum.shape.at(op === "Conv" ? 1 : -1);
  if (typeof channels !== "number" || sum.type !== "float32") return undefined;
  const data = Float32Array.from({ length: channels }, () => 1 + (random.uniform(-1, 1) < 0 ? -step : step));
  return constant(float32(data, op === "Conv" ? [channels, ...sum.shape.slice(2).map(() => 1)] : [channels]));
}

/** What goes into the softmax or sigmoid at the end: probabilities near 0 and 1 hide what is wrong. */
function beforeProbabilities(output: Value): Value {
  const last = producer(output);
  const [logits] = last?.inputs ?? [];
  return (last?.op === "Softmax" || last?.op === "Sigmoid") && logits !== undefined ? logits : output;
}

/** How far layers are from what they were made of. */
export interface LayersAgreement {
  /** The greatest difference of a logit. */
  readonly difference: number;
  /** How far logits move when the classifier's own sums are rounded a little otherwise. */
  readonly noise: number;
  /** Standard deviation of the logits. */
  readonly spread: number;
}

/** Logits of each picture less their mean, which no softmax sees. */
function centred(logits: Float32Array): readonly number[] {
  const classes = logits.length / pictures;
  if (classes === 1) return Array.from(logits);
  return Array.from({ length: pictures }, (_, picture) => {
    const row = logits.subarray(picture * classes, (picture + 1) * classes);
    const mean = row.reduce((sum, logit) => sum + logit, 0) / classes;
    return Array.from(row, (logit) => logit - mean);
  }).flat();
}

function greatestDifference(expected: readonly number[], found: readonly number[]): number {
  if (expected.length !== found.length) return Number.NaN;
  return expected.reduce((most, value, index) => Math.max(most, Math.abs(value - (found[index] ?? Number.NaN))), 0);
}

/**
 * Compares what layers and the classifier say of drawn pictures.
 *
 * @param layers what is to be written
 * @param fed what they take of levels in [0, 255]: `level · scale + offset`
 */
export async function compareLayers(
  runtime: Runtime,
  { pixels, probabilities, framing: { size } }: ClassifierNetwork,
  layers: LayerGraph,
  fed: { readonly scale: number; readonly offset: number },
): Promise<LayersAgreement> {
  const picture = input("picture", "float32", [pictures, 3, size, size]);
  const given = add(mul(picture, scalarLike(picture, fed.scale)), scalarLike(picture, fed.offset));
  const [after] = inferenceGraph(modelOfLayers(layers, "layers"), [given]).outputs;
  if (after === undefined) throw new TypeError("Layers have an output.");
  const before = beforeProbabilities(
    rebuild([probabilities], new Map<Value, Value>([[pixels, picture]]))(probabilities),
  );
  const values = { before, rounded: roundedOtherwise(before), after: beforeProbabilities(after) };
  const session = await createSession(runtime, values);
  try {
    const said = await session.run({ picture: toTensor(float32(drawnPictures(size), [pictures, 3, size, size])) });
    const logits = (name: keyof typeof values): readonly number[] => {
      const tensor = said[name];
      if (tensor === undefined) throw new TypeError(`The engine gave no ${name}.`);
      return centred(fromTensor(tensor).data as Float32Array);
    };
    const expected = logits("before");
    const squares = expected.reduce((sum, logit) => sum + logit ** 2, 0);
    return {
      difference: greatestDifference(expected, logits("after")),
      noise: greatestDifference(expected, logits("rounded")),
      spread: Math.sqrt(squares / expected.length),
    };
  } finally {
    await session.release();
  }
}

/**
 * Makes sure that layers answer drawn pictures as the classifier does that they were made of: as exactly as its own answers are.
 *
 * @param layers what is to be written
 * @param fed what they take of levels in [0, 255]: `level · scale + offset`
 * @throws EngineError when they do not
 */
export async function checkLayers(
  runtime: Runtime,
  network: ClassifierNetwork,
  layers: LayerGraph,
  fed: { readonly scale: number; readonly offset: number },
): Promise<void> {
  const { difference, noise, spread } = await compareLayers(runtime, network, layers, fed);
  const part = (number: number): string => `${(number / spread).toPrecision(2)} of their standard deviation`;
  if (!Number.isFinite(spread) || !(noise <= mostNoise * spread)) {
    throw new EngineError(
      "It cannot be told whether layers would say what the run's model.onnx says: nothing is written.",
      {
        subject: "export",
        expected: `logits that rounding moves by at most ${mostNoise} of their standard deviation`,
        received: Number.isFinite(noise / spread)
          ? `${part(noise)}: another program gives other probabilities in any case`
          : "numbers that float32 cannot hold, or that are all alike",
        advice: "Export it with --to onnx or --to transformersjs. A network with trained weights does not do this.",
      },
    );
  }
  if (difference <= Math.max(ofNoise * noise, ofSpread * spread)) return;
  throw new EngineError("Layers do not say what the run's model.onnx says: nothing is written.", {
    subject: "export",
    expected: `logits of drawn pictures that differ by at most ${part(Math.max(ofNoise * noise, ofSpread * spread))}`,
    received: Number.isNaN(difference) ? "no numbers" : part(difference),
    advice: "Export it with --to onnx or --to transformersjs, and please report the network.",
  });
}
