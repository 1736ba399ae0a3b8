import { layers, losses, metrics, models, Tensor } from "graft-ml";
import { describe, expect, it, vi } from "vitest";
import { readGolden } from "../support/golden.js";

interface Golden {
  readonly column: { readonly values: readonly number[] };
  readonly rows: { readonly values: readonly number[] };
  readonly labels: Readonly<Record<string, readonly number[]>>;
  readonly cases: readonly {
    readonly kind: "losses" | "metrics";
    readonly name: string;
    readonly arguments: Readonly<Record<string, unknown>>;
    readonly labels: string;
    readonly value: number;
  }[];
}

const golden = await readGolden<Golden>("label-forms.json");
// Some of these comparisons make no sense, of which is warned.
vi.spyOn(console, "error").mockImplementation(() => undefined);

type Maker<T> = Readonly<Record<string, new (...given: readonly unknown[]) => T>>;

/** Arguments of the constructor: Keras's first ones by position, `k` as an option. */
function given(named: Readonly<Record<string, unknown>>): readonly unknown[] {
  return "k" in named ? [named] : Object.values(named);
}

describe("labels [N] and [N, 1] are the same thing, and give what Keras gives for [N, 1]", () => {
  it.each(golden.cases)("$kind $name of $labels", async ({ kind, name, arguments: named, labels, value }) => {
    const values = labels === "numbers" ? golden.rows.values : golden.column.values;
    const y = Float32Array.from(golden.labels[labels] ?? []);
    const x = new Tensor("float32", Float32Array.from(values), [y.length, values.length / y.length]);
    for (const dims of [[y.length], [y.length, 1]]) {
      const model = new models.Sequential([layers.Input({ shape: x.dims.slice(1) }), new layers.Activation("linear")]);
      if (kind === "losses") {
        const Loss = (losses as unknown as Maker<losses.Loss>)[name];
        if (Loss === undefined) throw new Error(`There is no loss ${name}.`);
        model.compile({ optimizer: "sgd", loss: new Loss(...given(named)) });
      } else {
        const Metric = (metrics as unknown as Maker<metrics.Metric>)[name];
        if (Metric === undefined) throw new Error(`There is no metric ${name}.`);
        const loss = labels === "numbers" ? "sparse_categorical_crossentropy" : "mse";
        model.compile({ optimizer: "sgd", loss, metrics: [new Metric(...given(named))] });
      }
      const figures = Object.values(await model.testOnBatch(x, new Tensor("float32", y, dims)));
      const figure = figures.at(-1) ?? NaN;
      expect(Math.abs(figure - value) / Math.max(1, Math.abs(value)), `[${dims.join(", ")}]: ${figure}`).toBeLessThan(
        1e-6,
      );
    }
  });
});

describe("labels that fit no prediction are explained by metrics of overlap", () => {
  it.each([
    [new metrics.MeanIoU(3), [6, 3], [6], /mean_io_u: there is not a label for each prediction.*sparseYPred: false/],
    [new metrics.OneHotMeanIoU(3), [6, 3], [6], /labels and predictions have different shapes/],
  ] as const)("%#", async (metric, outputs, dims, message) => {
    const model = new models.Sequential([layers.Input({ shape: [3] }), new layers.Activation("linear")]);
    model.compile({ optimizer: "sgd", loss: "sparse_categorical_crossentropy", metrics: [metric] });
    const x = new Tensor("float32", new Float32Array(18), outputs);
    await expect(model.testOnBatch(x, new Tensor("float32", new Float32Array(6), dims))).rejects.toThrow(message);
  });
});
