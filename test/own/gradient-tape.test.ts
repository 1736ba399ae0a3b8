import { beforeEach, describe, expect, test } from "vitest";
import { GradientTape, layers, models, ops, optimizers, setRandomSeed, Tensor } from "graft-ml";

beforeEach(() => {
  setRandomSeed(1);
});

function numbers(...dims: number[]): Tensor {
  const size = dims.reduce((product, extent) => product * extent, 1);
  return new Tensor(
    "float32",
    Array.from({ length: size }, (_, index) => Math.sin(index * 1.7) + 0.1),
    dims,
  );
}

async function scalarAt(x: Tensor, f: (x: Tensor) => Promise<number>, direction: Float32Array): Promise<number> {
  const step = 1e-2;
  const moved = (sign: number): Tensor =>
    new Tensor(
      "float32",
      (x.data as Float32Array).map((value, index) => value + sign * step * (direction[index] ?? 0)),
      [...x.dims],
    );
  return ((await f(moved(1))) - (await f(moved(-1)))) / (2 * step);
}

describe("a gradient tape", () => {
  test("differentiates through layers and ops alike, in Keras's order of axes", async () => {
    const conv = new layers.Conv2D(3, 3, { padding: "same", activation: "tanh" });
    const f = (tape: GradientTape, x: Tensor) => {
      const watched = tape.watch(x);
      const features = conv.apply(watched);
      // Both a function of ops and a layer see the input and the features.
      const mixed = ops.multiply(ops.mean(features, { axis: -1, keepdims: true }), watched);
      const pooled = new layers.GlobalAveragePooling2D().apply(features);
      const loss = ops.add(ops.sum(ops.square(mixed)), ops.sum(ops.exp(pooled)));
      return { watched, features, loss };
    };
    const x = numbers(1, 5, 4, 2);
    const tape = new GradientTape();
    const { watched, features, loss } = f(tape, x);
    const [byInput, byFeatures] = tape.gradient(loss, [watched, features]);
    const [dx, df] = await tape.evaluate([byInput, byFeatures].flatMap((one) => one ?? []));
    expect(dx?.dims).toEqual([1, 5, 4, 2]);
    expect(df?.dims).toEqual([1, 5, 4, 3]);
    const direction = Float32Array.from({ length: 40 }, (_, index) => Math.cos(index));
    const expected = await scalarAt(
      x,
      async (moved) => {
        const other = new GradientTape();
        return Number((await f(other, moved).loss.numpy()).data[0]);
      },
      direction,
    );
    const found = (dx?.data as Float32Array).reduce((sum, value, index) => sum + value * (direction[index] ?? 0), 0);
    // Central differences in float32.
    expect(found / expected).toBeCloseTo(1, 2);
  });

  test("gives gradients of weights in their own order of axes, and an optimizer's step equal to that of fit", async () => {
    const build = (): models.Sequential => {
      setRandomSeed(7);
      const model = new models.Sequential([
        layers.Input({ shape: [6, 6, 2] }),
        new layers.Conv2D(4, 3, { activation: "relu" }),
        new layers.BatchNormalization(),
        new layers.Flatten(),
        new layers.Dense(3),
      ]);
      model.compile({ optimizer: new optimizers.Adam({ learningRate: 0.01 }), loss: "mse" });
      return model;
    };
    const x = numbers(4, 6, 6, 2);
    const y = numbers(4, 3);
    const fitted = build();
    const own = build();
    for (let step = 0; step < 3; step++) {
      const { loss: expected } = await fitted.trainOnBatch(x, y);
      const tape = new GradientTape();
      const prediction = own.apply(tape.watch(x), { training: true });
      const loss = ops.mean(ops.square(ops.subtract(y, prediction)));
      const gradients = tape.gradient(loss, own.trainableWeights);
      expect(gradients.map(({ shape }) => shape)).toEqual(own.trainableWeights.map(({ shape }) => shape));
      await own.optimizer.apply(gradients, own.trainableWeights);
      expect(Number((await loss.numpy()).data[0])).toBeCloseTo(expected ?? Number.NaN, 5);
    }
    expect(own.optimizer.iterations).toBe(3);
    own.weights.forEach((weight, index) => {
      const expected = fitted.weights[index]?.value.data ?? [];
      weight.value.data.forEach((value, at) => {
        expect(value).toBeCloseTo(expected[at] ?? Number.NaN, 5);
      });
    });
  });

  test("is in inference mode unless a call says otherwise, and moves statistics once", async () => {
    const normalization = new layers.BatchNormalization({ momentum: 0.5 });
    const x = new Tensor("float32", [0, 2, 4, 6], [4, 1]);
    const tape = new GradientTape();
    const inference = normalization.apply(tape.watch(x));
    const training = normalization.apply(tape.watch(x), { training: true });
    const [one, other] = await tape.evaluate([inference, training]);
    expect(one?.data[3]).toBeCloseTo(6, 2);
    expect(other?.data[3]).toBeCloseTo(1.3416, 3);
    await training.numpy();
    expect(normalization.getWeights()[2]?.data[0]).toBeCloseTo(1.5, 5);
  });

  test("steps of two optimizers see each other's new weights, in their order", async () => {
    const generator = new layers.Dense(1, { kernelInitializer: "ones", useBias: false });
    const judge = new layers.Dense(1, { kernelInitializer: "ones", useBias: false });
    const x = new Tensor("float32", [1], [1, 1]);
    const tape = new GradientTape();
    const made = generator.apply(tape.watch(x));
    await new optimizers.SGD(1).apply(
      tape.gradient(ops.sum(judge.apply(made)), judge.trainableWeights),
      judge.trainableWeights,
    );
    expect(judge.getWeights()[0]?.data[0]).toBe(0);
    const after = judge.apply(made);
    expect((await after.numpy()).data[0]).toBe(0);
  });

  test("takes gradients of gradients", async () => {
    const tape = new GradientTape();
    const x = tape.watch(new Tensor("float32", [2], []));
    const first = tape.gradient(ops.power(x, 3), x);
    const second = tape.gradient(first, x);
    const [a, b] = await tape.evaluate([first, second]);
    expect([a?.data[0], b?.data[0]]).toEqual([12, 12]);
  });

  test("weighs what is passed back", async () => {
    const tape = new GradientTape();
    const x = tape.watch(new Tensor("float32", [1, 2], [2]));
    const gradient = tape.gradient(ops.square(x), x, { outputGradients: new Tensor("float32", [10, 1], [2]) });
    expect((await gradient.numpy()).data).toEqual(new Float32Array([20, 4]));
  });

  test("says what is wrong", async () => {
    const tape = new GradientTape();
    const x = tape.watch(new Tensor("float32", [1], [1]));
    const other = new GradientTape().watch(new Tensor("float32", [1], [1]));
    expect(() => tape.gradient(ops.square(x), other)).toThrow("not on the tape");
    expect(() => tape.gradient(ops.square(x), [tape.watch(new Tensor("float32", [1], [1]))])).toThrow(
      "does not depend on any",
    );
    const dense = new layers.Dense(2);
    dense.apply(layers.Input({ shape: [3] }));
    const optimizer = new optimizers.SGD(1);
    expect(() => optimizer.apply([], [])).toThrow("needs gradients and weights");
    expect(() => optimizer.apply([x], dense.trainableWeights)).toThrow("not as many gradients");
    expect(() => optimizer.apply([x, x], dense.trainableWeights)).toThrow("another shape");
    await expect(layers.Input({ shape: [2] }).numpy()).rejects.toThrow("no values here");
  });

  test("refuses a step while another of the same weights has not ended", async () => {
    const dense = new layers.Dense(1, { kernelInitializer: "ones" });
    const step = (): Promise<void> => {
      const tape = new GradientTape();
      const y = ops.sum(dense.apply(tape.watch(new Tensor("float32", [1], [1, 1]))));
      return optimizer.apply(tape.gradient(y, dense.trainableWeights), dense.trainableWeights);
    };
    const optimizer = new optimizers.SGD(0.1);
    const first = step();
    await expect((async () => step())()).rejects.toThrow("is being trained already");
    await first;
    await step();
    expect(optimizer.iterations).toBe(2);
  });
});
