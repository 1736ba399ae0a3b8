import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { layers, models, ops, saving, type SymbolicTensor, Tensor, type Variable } from "graft-ml";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-positions-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const row = (...numbers: number[]): Tensor => new Tensor("float32", numbers, [1, numbers.length]);
const numbersOf = ({ data }: Tensor): number[] => Array.from(data as Float32Array, Number);

/** `a · w + 2 b`, as Keras's `call(self, a, b, training=False)`. */
class Mix extends layers.Layer {
  static readonly className: string = "Mix";
  private weight!: Variable;
  readonly told: unknown[] = [];

  override build(aShape: layers.InputShape, bShape: layers.InputShape): void {
    this.told.push(aShape, bShape);
    this.weight = this.addWeight({ shape: [Number(aShape.at(-1))], initializer: "ones" });
  }

  override call(a: SymbolicTensor, b: SymbolicTensor, { training }: layers.OwnCallOptions = {}): SymbolicTensor {
    this.told.push(training);
    return ops.add(ops.multiply(a, this.weight), ops.multiply(b, 2));
  }
}

/** A list, and a tensor behind. */
class SumAnd extends layers.Layer {
  static readonly className: string = "SumAnd";

  override call(list: readonly SymbolicTensor[], b: SymbolicTensor): SymbolicTensor {
    const [first, second] = list;
    return first === undefined || second === undefined ? b : ops.subtract(ops.add(first, second), b);
  }
}

describe("a call of several tensors one behind the other", () => {
  it("is a call(a, b) of one's own, on arrays, on placeholders and inside of call", async () => {
    const mix = new Mix();
    const out = await mix.apply(row(1, 2), row(10, 20), { training: true });
    expect(numbersOf(out)).toEqual([21, 42]);
    expect(mix.told.slice(0, 2)).toEqual([
      [1, 2],
      [1, 2],
    ]);
    expect(mix.told.at(-1)).toBe(true);
    const list = await new SumAnd().apply([row(1, 2), row(3, 4)], row(10, 20));
    expect(numbersOf(list)).toEqual([-6, -14]);

    class Outer extends layers.Layer {
      private readonly mix = new Mix();
      override call(x: SymbolicTensor): SymbolicTensor {
        return this.mix.apply(x, ops.add(x, 1));
      }
    }
    expect(numbersOf(await new Outer().apply(row(1, 2)))).toEqual([5, 8]);
  });

  it("is saved and read as Keras writes it, and cloned", async () => {
    saving.registerKerasSerializable({ package: "P" })(Mix);
    saving.registerKerasSerializable({ package: "P" })(SumAnd);
    const [a, b] = [layers.Input({ shape: [2] }), layers.Input({ shape: [2] })];
    const mixed = new Mix().apply(a, b);
    const model = new models.Model({ inputs: [a, b], outputs: new SumAnd().apply([mixed, a], b) });
    const x = [row(1, 2), row(10, 20)];
    const expected = [12, 24];
    expect(numbersOf(await model.predict(x))).toEqual(expected);
    const path = join(folder, "mix.keras");
    await model.save(path);
    expect(numbersOf(await (await models.loadModel(path)).predict(x))).toEqual(expected);
    const clone = models.cloneModel(model);
    clone.setWeights(model.getWeights());
    expect(numbersOf(await clone.predict(x))).toEqual(expected);
    const { config } = JSON.parse(model.toJson()) as { config: { layers: { inbound_nodes: { args: unknown[] }[] }[] } };
    const args = config.layers
      .slice(-2)
      .map(({ inbound_nodes: [node] }) => node?.args.map((one) => Array.isArray(one)));
    expect(args).toEqual([
      [false, false],
      [true, false],
    ]);
  });

  it("is a model of one's own, which is built by it", async () => {
    class Two extends models.Model {
      private readonly dense = new layers.Dense(1, { kernelInitializer: "ones" });
      override call(a: SymbolicTensor, b: SymbolicTensor): SymbolicTensor {
        return ops.subtract(this.dense.apply(a), this.dense.apply(b));
      }
    }
    const model = new Two();
    expect(numbersOf(await model.apply(row(5, 6), row(1, 2)))).toEqual([8]);
    expect(model.weights).toHaveLength(2);
    expect(model.outputShape).toEqual(["N", 1]);
  });

  it("is that of MultiHeadAttention, by position or by name", async () => {
    const x = layers.Input({ shape: [5, 8] });
    const attention = new layers.MultiHeadAttention(2, 4);
    const calls = [
      attention.apply([x, x]),
      attention.apply(x, x),
      attention.apply(x, x, x, { useCausalMask: false }),
      attention.apply({ query: x, value: x, key: x }),
      attention.apply(x, { value: x }),
    ];
    const model = new models.Model({ inputs: x, outputs: calls });
    const array = new Tensor(
      "float32",
      Float32Array.from({ length: 40 }, (_, index) => Math.sin(index)),
      [1, 5, 8],
    );
    const [first, ...others] = (await model.predict(array)) as unknown as Tensor[];
    for (const other of others) expect(other.data).toEqual(first?.data);
    expect(() => attention.apply(x, { key: x })).toThrow("was not given its value");
    expect(() => attention.apply(x, x, { value: x })).toThrow("was given twice its value");
    expect(() => attention.apply(x, x, x, x)).toThrow("several arguments");
  });

  it.each([
    ["Attention-like lists", (x: SymbolicTensor) => new layers.Add().apply(x, x)],
    ["one input", (x: SymbolicTensor) => new layers.Dense(3).apply(x, x)],
    ["a functional model", (x: SymbolicTensor) => new models.Model({ inputs: x, outputs: x }).apply(x, x)],
  ])("is refused by others as in Keras: %s", (_, call) => {
    expect(() => call(layers.Input({ shape: [3] }))).toThrow("cannot be called on several arguments");
  });

  it("says what is no tensor", () => {
    const x = layers.Input({ shape: [3] });
    expect(() => new layers.Dense(3).apply(x, 7 as never)).toThrow("option options");
    // What no call gets is not dropped in silence.
    expect(() => new SumAnd().apply([x, x], x, { scale: 2 } as never)).toThrow('cannot be called with "scale"');
    expect(() => new Mix().apply(x, "b" as never, x)).toThrow("option options");
  });
});
