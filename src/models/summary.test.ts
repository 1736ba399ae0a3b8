import { applications, layers, models } from "graft-ml";
import { describe, expect, it } from "vitest";
import { readGolden } from "../../test/support/golden.js";
import type { BaseModel } from "./base-model.js";
import type { SummaryOptions } from "./summary.js";

const golden = await readGolden<Readonly<Record<string, readonly string[]>>>("model-summaries.json");

function linesOf(model: BaseModel): string[] {
  const lines: string[] = [];
  model.summary((line) => lines.push(line));
  return lines;
}

/** Automatic names count up over all models of a process, in Keras as here. */
function withoutNumbers(lines: readonly string[]): string[] {
  return lines.map((line) => line.replace(/input_layer(_\d+)?( ?\(InputLayer\)) */, "input_layer$2"));
}

describe("the summary is Keras's", () => {
  it("for VGG16 with frozen layers, and for the guide's model on top of it", async () => {
    const base = await applications.VGG16({ weights: null, includeTop: false, inputShape: [150, 150, 3] });
    base.trainable = true;
    let trainable = false;
    for (const layer of base.layers) {
      if (layer.name === "block5_conv1") trainable = true;
      layer.trainable = trainable;
    }
    expect(withoutNumbers(linesOf(base))).toEqual(withoutNumbers(golden["vgg16"] ?? []));

    const model = new models.Sequential([], { name: "sequential" });
    model.add(base);
    model.add(new layers.Flatten({ name: "flatten" }));
    model.add(new layers.Dense(256, { activation: "relu", name: "dense" }));
    model.add(new layers.Dropout(0.5, { name: "dropout" }));
    model.add(new layers.Dense(1, { activation: "sigmoid", name: "dense_1" }));
    expect(linesOf(model)).toEqual(golden["guide"]);
  });

  it("for names longer than the column", () => {
    const model = new models.Sequential(
      [
        layers.Input({ shape: [6, 6, 3] }),
        new layers.Conv2D(2, 3, { name: "a_name_that_is_much_longer_than_the_column_of_the_table" }),
        new layers.GlobalAveragePooling2D({ name: "global_average_pooling2d" }),
        new layers.BatchNormalization({ name: "batch_normalization" }),
        new layers.Dense(3, { name: "dense", trainable: false }),
      ],
      { name: "long_names" },
    );
    expect(linesOf(model)).toEqual(golden["longNames"]);
  });

  it("for a model that does not know its input yet", () => {
    const row = [new layers.Dense(3, { name: "dense" }), new layers.Dense(1, { name: "out" })];
    expect(linesOf(new models.Sequential(row, { name: "unbuilt" }))).toEqual(golden["unbuilt"]);
  });

  it("for a layer that two branches share, with what each layer is connected to", () => {
    const x = layers.Input({ shape: [4], name: "left" });
    const y = layers.Input({ shape: [4], name: "right" });
    const shared = new layers.Dense(3, { name: "shared" });
    const merged = new layers.Concatenate({ name: "both" }).apply([shared.apply(x), shared.apply(y)]);
    const outputs = new layers.Dense(1, { name: "out" }).apply(merged);
    expect(linesOf(new models.Model({ inputs: [x, y], outputs, name: "branched" }))).toEqual(golden["branched"]);
  });

  it("for a residual block, whose layers come in Keras's order", () => {
    const inputs = layers.Input({ shape: [8, 8, 3], name: "photo" });
    const stem = new layers.Conv2D(4, 3, { padding: "same", name: "stem" }).apply(inputs);
    const shortcut = new layers.Conv2D(6, 1, { name: "shortcut" }).apply(stem);
    const first = new layers.Conv2D(4, 3, { padding: "same", name: "first" }).apply(stem);
    const normalized = new layers.BatchNormalization({ name: "normalized" }).apply(first);
    const second = new layers.Conv2D(6, 3, { padding: "same", name: "second" }).apply(normalized);
    const added = new layers.Add({ name: "added" }).apply([shortcut, second]);
    const flat = new layers.Flatten({ name: "flat" }).apply(added);
    const outputs = new layers.Dense(1, { name: "score" }).apply(flat);
    const model = new models.Model({ inputs, outputs, name: "residual" });
    expect(linesOf(model)).toEqual(golden["residual"]);
    expect(model.weights.map(({ path }) => path)).toEqual(golden["residualWeights"]);
  });
});

interface GoldenOptions {
  readonly nested: readonly string[];
  readonly range: readonly string[];
  readonly graph: readonly string[];
  readonly positions: readonly string[];
}

describe("the options of summary are Keras's", async () => {
  const withOptions = await readGolden<GoldenOptions>("summary-options.json");
  const inner = new models.Sequential(
    [
      layers.Input({ shape: [4] }),
      new layers.Dense(3, { name: "q", trainable: false }),
      new layers.Dense(3, { name: "r" }),
    ],
    { name: "inner" },
  );
  const row = new models.Sequential([layers.Input({ shape: [4] }), inner, new layers.Dense(2, { name: "o" })], {
    name: "s",
  });
  const x = layers.Input({ shape: [4], name: "x" });
  const sum = new layers.Add({ name: "a" }).apply([inner.apply(x), new layers.Dense(3, { name: "z" }).apply(x)]);
  const graph = new models.Model({ inputs: x, outputs: sum, name: "m" });
  const textOf = (model: BaseModel, options: SummaryOptions): string[] => {
    const texts: string[] = [];
    model.summary({ ...options, printFn: (text) => texts.push(text) });
    expect(texts).toHaveLength(1);
    // Keras counts the call that a model makes of itself, too.
    return (texts[0] ?? "").split("\n");
  };
  const once = (lines: readonly string[]): string[] =>
    lines.map((line) => line.replace("inner[1]", "inner[0]").replace("inner[2]", "inner[0]"));

  it("widths, inner models, what is trained, a part", () => {
    expect(textOf(row, { lineLength: 76, expandNested: true, showTrainable: true })).toEqual(withOptions.nested);
    expect(textOf(row, { lineLength: 100, layerRange: ["in", "inner"] })).toEqual(withOptions.range);
    expect(textOf(graph, { lineLength: 110, expandNested: true, showTrainable: true })).toEqual(
      once(withOptions.graph),
    );
    expect(textOf(graph, { lineLength: 90, positions: [0.3, 0.5, 0.7, 1] })).toEqual(once(withOptions.positions));
  });

  it("are refused where they are wrong", () => {
    expect(() => {
      row.summary({ layerRange: ["none", "o"] });
    }).toThrow("names of layers of the model");
    expect(() => {
      row.summary({ lineLength: 8 });
    }).toThrow("room for 4 characters");
    expect(() => {
      row.summary({ line_length: 80 } as never);
    }).toThrow('It is called "lineLength" here.');
  });
});

it("a name from a file of others begins no line of the table", () => {
  const lines: string[] = [];
  const model = new models.Sequential(
    [layers.Input({ shape: [2] }), new layers.Dense(1, { name: "a\u001b[2J\nTotal params: 0" })],
    {
      name: "b\nForged",
    },
  );
  model.summary((line) => lines.push(line));
  const text = lines.join("\n");
  expect(text).toContain('Model: "b\\nForged"');
  expect(text).toContain("a\\x1b[2J\\nTotal");
  // eslint-disable-next-line no-control-regex -- it is what must not come
  expect(text).not.toMatch(/\u001b|^Forged|^Total params: 0/m);
});
