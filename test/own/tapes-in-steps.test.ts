import { expect, test } from "vitest";
import {
  GradientTape,
  layers,
  losses,
  models,
  ops,
  optimizers,
  type StepData,
  type StepLogs,
  type SymbolicTensor,
  Tensor,
} from "graft-ml";
import { readGolden } from "../support/golden.js";
import { wave } from "../support/wave.js";

/* Steps with several tapes: each differentiates what was computed since it was there, through weights as they were then. */

interface Case {
  readonly figures: readonly (readonly number[])[];
  readonly weights: readonly { readonly shape: readonly number[]; readonly data: readonly number[] }[];
}

type Name = "adversarial" | "older" | "penalty" | "persistent";
const golden = await readGolden<Record<Name, Case>>("tapes.json");

function array(dims: readonly number[], key: number, scale = 1): Tensor {
  return new Tensor("float32", wave(dims, key, scale).data, dims);
}

function dense(inputs: number, units: number, key: number, activation = "linear"): layers.Layer {
  const layer = new layers.Dense(units, { activation });
  layer.build([null, inputs]);
  layer.setWeights([array([inputs, units], key, 0.5), array([units], key + 1, 0.1)]);
  return layer;
}

/** Trains a model whose step is given with one batch an epoch, and compares. */
async function compare(
  name: Name,
  parts: readonly layers.Layer[],
  x: Tensor,
  step: (model: models.Model, x: SymbolicTensor) => StepLogs,
): Promise<void> {
  class Own extends models.Model {
    readonly parts = parts;

    override trainStep([given]: StepData): StepLogs {
      return step(this, given);
    }
  }
  const own = new Own();
  own.compile({ optimizer: new optimizers.SGD(name === "penalty" ? 0.001 : 0.1) });
  const { figures, weights } = golden[name];
  const { history } = await own.fit(x, {
    epochs: figures.length,
    batchSize: x.dims[0] ?? 1,
    // What a step takes from outside belongs to the samples in their order.
    shuffle: false,
    verbose: 0,
  });
  const received = figures.map((_, epoch) => Object.values(history).map((values) => values[epoch]));
  figures.flat().forEach((figure, index) => {
    expect(received.flat()[index]).toBeCloseTo(figure, 4);
  });
  const trained = parts.flatMap((part) => part.getWeights());
  expect(trained.map(({ dims }) => dims)).toEqual(weights.map(({ shape }) => shape));
  weights.forEach(({ data }, index) => {
    data.forEach((value, at) => {
      expect(trained[index]?.data[at]).toBeCloseTo(value, 4);
    });
  });
}

test("of two networks against each other, the second sees the weights that the first step made, and not the way there", async () => {
  const [generator, discriminator] = [dense(2, 4, 1, "tanh"), dense(4, 1, 3)];
  const loss = new losses.BinaryCrossentropy({ fromLogits: true });
  const [first, second] = [new optimizers.Adam(0.05), new optimizers.Adam(0.03)];
  const noise = array([3, 2], 6);
  await compare("adversarial", [discriminator, generator], array([3, 4], 5), (_, real) => {
    const random = ops.add(ops.zerosLike(ops.getItem(real, [ops.range(), ops.range(0, 2)])), noise);
    const both = ops.concatenate([generator.apply(random), real], 0);
    const one = ops.onesLike(ops.mean(real, { axis: 1, keepdims: true }));
    const labels = ops.concatenate([one, ops.zeros([3, 1])], 0);
    let tape = new GradientTape();
    const dLoss = loss.apply(labels, discriminator.apply(both));
    void first.apply(tape.gradient(dLoss, discriminator.trainableWeights), discriminator.trainableWeights);
    tape = new GradientTape();
    const gLoss = loss.apply(ops.zeros([3, 1]), discriminator.apply(generator.apply(random)));
    void second.apply(tape.gradient(gLoss, generator.trainableWeights), generator.trainableWeights);
    return { dLoss, gLoss };
  });
});

test("what the same weights gave before the tape was there is a constant", async () => {
  const layer = dense(4, 2, 1);
  await compare("older", [layer], array([3, 4], 5), (model, x) => {
    const target = ops.square(layer.apply(x));
    const tape = new GradientTape();
    const loss = ops.mean(ops.square(ops.subtract(layer.apply(ops.multiply(x, 1.5)), target)));
    void model.optimizer.apply(tape.gradient(loss, layer.trainableWeights), layer.trainableWeights);
    return { loss };
  });
});

test("a gradient by something older than the tape can be part of a loss", async () => {
  const conv = new layers.Conv2D(2, 2, { activation: "tanh" });
  conv.build([null, 3, 3, 2]);
  conv.setWeights([array([2, 2, 2, 2], 1, 0.5), array([2], 2, 0.1)]);
  const other = array([2, 3, 3, 2], 6);
  await compare("penalty", [conv], array([2, 3, 3, 2], 5), (model, one) => {
    const tape = new GradientTape();
    const between = ops.add(one, ops.multiply(0.3, ops.subtract(other, one)));
    const inner = new GradientTape();
    const watched = inner.watch(between);
    const score = ops.sum(conv.apply(watched), [1, 2, 3]);
    const norm = ops.sqrt(ops.sum(ops.square(inner.gradient(score, watched)), [1, 2, 3]));
    const loss = ops.add(ops.mean(score), ops.multiply(0.1, ops.mean(ops.square(ops.subtract(norm, 1)))));
    void model.optimizer.apply(tape.gradient(loss, conv.trainableWeights), conv.trainableWeights);
    return { loss };
  });
});

test("a weight that was stepped since a loss was computed is meant as it was then", async () => {
  const layer = dense(4, 2, 1);
  await compare("persistent", [layer], array([3, 4], 5), (model, x) => {
    const tape = new GradientTape({ persistent: true });
    const first = ops.mean(ops.square(layer.apply(x)));
    const second = ops.mean(ops.abs(ops.subtract(layer.apply(x), 1)));
    const weights = layer.trainableWeights;
    void model.optimizer.apply(tape.gradient(first, weights), weights);
    void model.optimizer.apply(tape.gradient(second, weights), weights);
    return { first, second };
  });
});

test("a target that is older than its tape says where the tape belongs", async () => {
  const layer = dense(4, 2, 1);
  const fails = compare("older", [layer], array([3, 4], 5), (model, x) => {
    const loss = ops.mean(layer.apply(x));
    const gradients = new GradientTape().gradient(loss, layer.trainableWeights);
    void model.optimizer.apply(gradients, layer.trainableWeights);
    return { loss };
  });
  await expect(fails).rejects.toThrow(/Make the tape before the target is computed/u);
});
