import { createHash } from "node:crypto";
import { applications, layers, models, optimizers, utils } from "graft-ml";
import { describe, expect, it } from "vitest";
import { readGolden } from "../../test/support/golden.js";
import { hashLayer, hashWeights } from "../../test/support/hashed-weights.js";
import { type GoldenTensor, relativeError } from "../../test/support/nn-graph.js";
import { wave } from "../../test/support/wave.js";
import { elementCount, float32 } from "../onnx/tensor-data.js";
import { fromTensor, toTensor } from "../runtime/runtime.js";
import { networks } from "./networks.js";

interface Described {
  readonly side: number;
  readonly layers: number;
  /** Of a line for each layer: name, class, shapes of weights. */
  readonly hash: string;
  /** The first such lines, which a failure is easier to read by. */
  readonly first: readonly string[];
  readonly parameters: number;
  readonly trainable: number;
}

interface Golden extends Described {
  /** The function that makes it, where it is not that of its name. */
  readonly of?: string;
  /** With which options it does. */
  readonly options?: object;
  /** Whether photos are in [0, 255] rather than [−1, 1]. */
  readonly pixels?: boolean;
  readonly top: Described;
  /** Of the network without its classifier, pooled. */
  readonly output?: GoldenTensor;
  /** Of the classifier. */
  readonly classes?: GoldenTensor;
  readonly training?: {
    readonly side: number;
    /** The layer with which the last stage begins. */
    readonly first: string;
    readonly losses: readonly number[];
    /** How far each weight that learns has moved. */
    readonly changes: readonly number[];
    readonly after: GoldenTensor;
  };
}

const cases = Object.entries(await readGolden<Record<string, Golden>>("applications.json")).filter(
  ([name]) => name !== "written",
);

type Options = NonNullable<Parameters<typeof applications.VGG16>[0]>;

const golden: Readonly<Record<string, Golden>> = Object.fromEntries(cases);

async function made(name: string, options: Options): Promise<models.Model> {
  utils.clearSession();
  const functions: Readonly<Record<string, unknown>> = applications;
  const { of = name, options: own } = golden[name] ?? {};
  const make = functions[of] as typeof applications.VGG16;
  return make({ weights: null, ...own, ...options });
}

function described(model: models.Model): Omit<Described, "side"> {
  const lines = model.layers.map(
    ({ name, className, weights }) => `${name} ${className} ${JSON.stringify(weights.map(({ shape }) => shape))}`,
  );
  return {
    layers: lines.length,
    first: lines.slice(0, 12),
    hash: createHash("sha256").update(lines.join("\n")).digest("hex"),
    parameters: model.countParams(),
    trainable: model.trainableWeights.reduce((sum, { shape }) => sum + elementCount(shape), 0),
  };
}

function photos(name: string, batch: number, side: number, key: number) {
  const [scale, offset] = golden[name]?.pixels === true ? [127.5, 127.5] : [1, 0];
  return toTensor(wave([batch, side, side, 3], key, scale, offset));
}

/** At most 64 values of each row, as the golden file has them. */
function sampled(output: ReturnType<typeof toTensor>) {
  const { dims, data } = fromTensor(output);
  const columns = Number(dims[1]);
  const step = Math.max(1, Math.floor(columns / 64));
  const kept = Array.from(data as Float32Array).filter((_, index) => (index % columns) % step === 0);
  return float32(kept, [Number(dims[0]), Math.ceil(columns / step)]);
}

function distance(a: Float32Array, b: Float32Array): number {
  return Math.sqrt(a.reduce((sum, value, index) => sum + (value - (b[index] ?? NaN)) ** 2, 0));
}

/**
 * How far outputs may lie from Keras's, relative to the greatest of them. Both compute with float32, whose numbers are 6e-8 apart, and
 * add up thousands of products in different orders, in up to 500 layers one after the other.
 */
const tolerance = 1e-5;

/** What {@link described} gives, as Keras has it. */
function expected({ layers, first, hash, parameters, trainable }: Described): Omit<Described, "side"> {
  return { layers, first, hash, parameters, trainable };
}

/**
 * How far steps of training may: normalizations of small batches enlarge rounding. Keras's own losses of ResNet50 in float32 and float64
 * are 6e-5 apart after two of these steps, and the ways of its weights up to 0.4 %.
 */
const trained = { loss: 5e-4, change: 1e-2, after: 1e-3 } as const;

/**
 * Whether a network is computed. Large ones of which another of the family is learn nothing, and differ from it in numbers that layers
 * and shapes tell; they take minutes. GRAFT_ALL_APPLICATIONS=1 has all computed.
 */
function isComputed({ output, training, parameters }: Golden): boolean {
  if (output === undefined) return false;
  return training !== undefined || parameters < 6e6 || process.env["GRAFT_ALL_APPLICATIONS"] === "1";
}

const nothing: GoldenTensor = { shape: [], data: [] };

describe.each(cases)("%s", (name, entry) => {
  const { side, output, top, classes, training } = entry;

  it("has Keras's layers and weights, with and without its classifier", { timeout: 60_000 }, async () => {
    const base = await made(name, { includeTop: false, pooling: "avg", inputShape: [side, side, 3] });
    expect(described(base)).toEqual(expected(entry));
    const whole = await made(name, { classes: 10, inputShape: [top.side, top.side, 3] });
    expect(described(whole)).toEqual(expected(top));
  });

  it.runIf(isComputed(entry))("computes what Keras's does with the same weights", { timeout: 120_000 }, async () => {
    const base = await made(name, { includeTop: false, pooling: "avg", inputShape: [side, side, 3] });
    hashWeights(base);
    const result = sampled(await base.predictOnBatch(photos(name, 2, side, 400)));
    expect(relativeError(result, output ?? nothing)).toBeLessThan(tolerance);
  });

  it.runIf(classes !== undefined)("classifies as Keras's does", { timeout: 120_000 }, async () => {
    const whole = await made(name, { classes: 10, inputShape: [top.side, top.side, 3] });
    hashWeights(whole);
    const result = fromTensor(await whole.predictOnBatch(photos(name, 2, top.side, 401)));
    expect(relativeError(result, classes ?? nothing)).toBeLessThan(tolerance);
  });

  it.runIf(training !== undefined)("learns as Keras's does from its last stage on", { timeout: 240_000 }, async () => {
    if (training === undefined) return;
    const shape = [training.side, training.side, 3];
    const base = await made(name, { includeTop: false, pooling: "avg", inputShape: shape });
    hashWeights(base);
    const start = base.layers.findIndex((layer) => layer.name === training.first);
    base.layers.forEach((layer, index) => {
      layer.trainable = index >= start;
      // Keras draws other random numbers.
      if (layer instanceof layers.Dropout) Object.assign(layer, { rate: 0 });
    });
    const head = new layers.Dense(3, { activation: "softmax", name: "head" });
    const model = new models.Sequential([base, head]);
    hashLayer(head, 10_000);
    model.compile({ optimizer: new optimizers.SGD(0.0001, { momentum: 0.9 }), loss: "categorical_crossentropy" });
    const before = model.trainableWeights.map(({ value }) => Float32Array.from(value.data));
    for (const [step, loss] of training.losses.entries()) {
      const labels = new Float32Array(12);
      [step, 0, 1, 2].forEach((label, row) => (labels[3 * row + label] = 1));
      const logs = await model.trainOnBatch(
        photos(name, 4, training.side, 500 + step),
        toTensor(float32(labels, [4, 3])),
      );
      expect(Math.abs(Number(logs["loss"]) - loss), `loss of step ${step}`).toBeLessThan(trained.loss);
    }
    model.trainableWeights.forEach(({ value, path }, index) => {
      const change = distance(value.data, before[index] ?? new Float32Array());
      const goal = training.changes[index] ?? NaN;
      expect(Math.abs(change - goal), path).toBeLessThan(trained.change * goal + 1e-7);
    });
    const result = fromTensor(await model.predictOnBatch(photos(name, 4, training.side, 510)));
    expect(relativeError(result, training.after)).toBeLessThan(trained.after);
  });
});

describe("as networks to be grafted onto, they", () => {
  const applied = networks.filter(({ takesWeights }) => takesWeights);
  /** `mobilenetv2` is the name of an object detector's. */
  const nameOf = (name: string): string => (name === "MobileNetV2" ? "mobilenetv2-imagenet" : name.toLowerCase());
  const rowOf = (name: string) => applied.find(({ record }) => record.name === nameOf(name));

  it.each(cases.filter(([, { training }]) => training !== undefined))(
    "%s has its last stage begin where it does",
    async (name, { training, side }) => {
      const base = await made(name, { includeTop: false, inputShape: [side, side, 3] });
      expect(rowOf(name)?.stages(base).at(-1)).toBe(training?.first);
    },
  );

  it.each(cases.filter(([, { of }]) => of === undefined))("%s says the size of its file", (name, { parameters }) => {
    const { description = "" } = rowOf(name)?.record ?? {};
    const megabytes = Number(/; (\d+) MB/.exec(description)?.[1]);
    expect(Math.abs(megabytes - (4 * parameters) / 1e6)).toBeLessThan(0.02 * megabytes + 0.6);
  });

  it("are all in the golden file", () => {
    const names = applied.map(({ record }) => record.name);
    expect(names.filter((name) => !cases.some(([known]) => nameOf(known) === name))).toEqual([]);
  });
});
