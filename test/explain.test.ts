import { explain, type ExplainMethod, initializers, layers, models, NumberError, Tensor, UsageError } from "graft-ml";
import { describe, expect, it } from "vitest";
import { scoresWithoutHottest } from "../src/recipe/explain/deletion.js";

/* Where a network sees what speaks for a class. The networks are made so that the right answer is known. */

const side = 16;

/** A black picture with a bright square in one of its quarters, of one colour. */
function picture(quarter: { readonly row: number; readonly column: number }, channel: number): Tensor {
  const data = new Float32Array(side * side * 3);
  const [top, left] = [quarter.row * 8 + 2, quarter.column * 8 + 2];
  for (let y = top; y < top + 4; y++) for (let x = left; x < left + 4; x++) data[(y * side + x) * 3 + channel] = 1;
  return new Tensor("float32", data, [side, side, 3]);
}

/** Both in one: the red square above on the left, the green one below on the right. */
function redAndGreen(): Tensor {
  const [red, green] = [picture({ row: 0, column: 0 }, 0), picture({ row: 1, column: 1 }, 1)];
  const data = (red.data as Float32Array).map((value, index) => value + ((green.data as Float32Array)[index] ?? 0));
  return new Tensor("float32", data, [side, side, 3]);
}

/** Channels of a map are how red, how green and how blue each place is. */
function colours(): InstanceType<typeof layers.Conv2D> {
  const convolution = new layers.Conv2D(3, 2, { strides: 2, activation: "relu", useBias: false });
  convolution.build([null, side, side, 3]);
  const kernel = new Float32Array(2 * 2 * 3 * 3);
  for (let tap = 0; tap < 4; tap++) for (let channel = 0; channel < 3; channel++) kernel[tap * 9 + channel * 4] = 0.25;
  convolution.setWeights([new Tensor("float32", kernel, [2, 2, 3, 3])]);
  return convolution;
}

/** Says of which colour a picture has most. */
function byColour(
  units: 1 | 3,
  pool: InstanceType<typeof layers.Layer>,
  inner = false,
  activation: "linear" | "sigmoid" | "softmax" = units === 1 ? "sigmoid" : "softmax",
): models.Sequential {
  const base = new models.Sequential([layers.Input({ shape: [side, side, 3] }), colours(), pool]);
  const head = new layers.Dense(units, { activation, useBias: false });
  const parts = inner ? [layers.Input({ shape: [side, side, 3] }), base] : base.layers;
  const model = new models.Sequential([
    layers.Input({ shape: [side, side, 3] }),
    ...parts.filter((one) => one instanceof layers.Layer),
    head,
  ]);
  const width = Number(base.outputShape[1]);
  const kernel = new Float32Array(width * units);
  for (let row = 0; row < width; row++) {
    // Of one number: red against green.
    if (units === 1) kernel[row] = [30, -30, 0][row % 3] ?? 0;
    else kernel[row * 3 + (row % 3)] = 30;
  }
  head.setWeights([new Tensor("float32", kernel, [width, units])]);
  return model;
}

/** The quarter in which most of the heat is. */
function hottestQuarter({ dims, data }: Tensor): {
  readonly row: number;
  readonly column: number;
  readonly share: number;
} {
  const [rows = 0, columns = 0] = dims;
  const sums = [0, 0, 0, 0];
  (data as Float32Array).forEach((value, index) => {
    const place =
      2 * Math.floor((2 * Math.floor(index / columns)) / rows) + Math.floor((2 * (index % columns)) / columns);
    sums[place] = (sums[place] ?? 0) + value;
  });
  const most = Math.max(...sums);
  const place = sums.indexOf(most);
  return { row: Math.floor(place / 2), column: place % 2, share: most / sums.reduce((sum, value) => sum + value, 0) };
}

/** Pearson's. */
function correlation(one: Float32Array, other: Float32Array): number {
  const centred = (values: Float32Array): Float32Array => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return values.map((value) => value - mean);
  };
  const [a, b] = [centred(one), centred(other)];
  const product = (x: Float32Array, y: Float32Array): number =>
    x.reduce((sum, value, index) => sum + value * (y[index] ?? 0), 0);
  return product(a, b) / Math.sqrt(product(a, a) * product(b, b));
}

const mapMethods: readonly ExplainMethod[] = ["hirescam", "grad-cam", "grad-cam++"];

describe("explain", () => {
  it.each([...mapMethods, "occlusion" as const])(
    "%s shows what speaks for the class that is asked about",
    async (method) => {
      const model = byColour(3, new layers.GlobalAveragePooling2D());
      const red = await explain(model, redAndGreen(), { method, classIndex: 0 });
      const green = await explain(model, redAndGreen(), { method, classIndex: 1 });
      expect(red).toMatchObject({ classIndex: 0, method });
      expect(hottestQuarter(red.heat)).toMatchObject({ row: 0, column: 0 });
      expect(hottestQuarter(green.heat)).toMatchObject({ row: 1, column: 1 });
      expect(Math.max(...(red.heat.data as Float32Array))).toBe(1);
      expect(Math.min(...(red.heat.data as Float32Array))).toBeGreaterThanOrEqual(0);
    },
  );

  it("explains what the model says where no class is asked about", async () => {
    const model = byColour(3, new layers.GlobalAveragePooling2D());
    const image = picture({ row: 1, column: 0 }, 2);
    const said = await model.predict(new Tensor("float32", image.data as Float32Array, [1, side, side, 3]));
    const { classIndex, output, heat, method } = await explain(model, image);
    expect(classIndex).toBe(2);
    expect(method).toBe("hirescam");
    expect(output).toBeCloseTo(Number(said.data[2]), 6);
    expect(hottestQuarter(heat)).toMatchObject({ row: 1, column: 0, share: 1 });
  });

  it("takes the method whose hottest fifth matters most to the class", async () => {
    const model = new models.Sequential([
      layers.Input({ shape: [side, side, 3] }),
      new layers.Conv2D(6, 3, { activation: "relu", kernelInitializer: new initializers.GlorotUniform({ seed: 3 }) }),
      new layers.GlobalMaxPooling2D(),
      new layers.Dense(3, { activation: "softmax", kernelInitializer: new initializers.GlorotUniform({ seed: 4 }) }),
    ]);
    const taken = new Set<ExplainMethod>();
    for (let seed = 1; seed <= 6; seed++) {
      const data = Float32Array.from({ length: side * side * 3 }, (_, at) => Math.sin(seed * at + at * at));
      const image = new Tensor("float32", data, [side, side, 3]);
      const { method, heat, classIndex } = await explain(model, image);
      taken.add(method);
      const scoreOf = async (pictures: Tensor): Promise<readonly number[]> => {
        const { data: said } = await model.predictOnBatch(pictures);
        return Array.from({ length: pictures.dims[0] ?? 0 }, (_, row) => Number(said[3 * row + classIndex]));
      };
      const part = { left: 0, top: 0, width: side, height: side };
      const ways = ["hirescam", "grad-cam", "occlusion"] as const;
      const maps = await Promise.all(ways.map((way) => explain(model, image, { method: way, classIndex })));
      const heats = maps.map(({ heat: { dims, data: values } }) => ({
        ...{ rows: dims[0] ?? 0, columns: dims[1] ?? 0, values: values as Float32Array },
      }));
      const left = await scoresWithoutHottest({ height: side, width: side, channels: 3, data, part }, heats, scoreOf);
      const own = ways.indexOf(method as (typeof ways)[number]);
      expect(left[own]).toBeCloseTo(Math.min(...left), 6);
      expect(Array.from(heat.data as Float32Array)).toEqual(Array.from(heats[own]?.values ?? []));
    }
    expect(taken.size).toBeGreaterThan(1);
  });

  it("looks into models that are layers, and before what is flattened", async () => {
    const model = byColour(3, new layers.Flatten(), true);
    const { heat, classIndex } = await explain(model, picture({ row: 0, column: 1 }, 1));
    expect(classIndex).toBe(1);
    expect(heat.dims).toEqual([8, 8]);
    expect(hottestQuarter(heat)).toMatchObject({ row: 0, column: 1, share: 1 });
  });

  it("asks a sigmoid about both of its classes", async () => {
    const model = byColour(1, new layers.GlobalAveragePooling2D());
    const [zero, one] = [
      await explain(model, redAndGreen(), { classIndex: 0 }),
      await explain(model, redAndGreen(), { classIndex: 1 }),
    ];
    expect(hottestQuarter(one.heat)).toMatchObject({ row: 0, column: 0 });
    expect(hottestQuarter(zero.heat)).toMatchObject({ row: 1, column: 1 });
    expect(zero.output + one.output).toBeCloseTo(1, 6);
  });

  it("has a slope where the network is as sure as numbers can be", async () => {
    const model = byColour(3, new layers.GlobalMaxPooling2D());
    const { output, heat } = await explain(model, picture({ row: 0, column: 0 }, 0));
    expect(output).toBe(1);
    expect(hottestQuarter(heat)).toMatchObject({ row: 0, column: 0 });
  });

  it.each(["hirescam", "grad-cam", "grad-cam++", "occlusion"] as const)(
    "is another map with other weights of the head: %s",
    async (method) => {
      const model = byColour(3, new layers.Flatten());
      const before = await explain(model, redAndGreen(), { classIndex: 0, method });
      const head = model.layers.at(-1);
      const [kernel] = head?.getWeights() ?? [];
      if (head === undefined || kernel === undefined) throw new Error("There is no head.");
      const shuffled = kernel.data.map((_, index, all) => Math.sin(index * 12.9898) * 30 + 0 * (all[index] ?? 0));
      head.setWeights([new Tensor("float32", shuffled, [...kernel.dims])]);
      const after = await explain(model, redAndGreen(), { classIndex: 0, method });
      // Of a map that does not ask the head it would be 1.
      expect(correlation(before.heat.data as Float32Array, after.heat.data as Float32Array)).toBeLessThan(0.8);
    },
  );

  it("takes one number for the log-odds of the second class where it is no probability", async () => {
    const logit = byColour(1, new layers.GlobalAveragePooling2D(), false, "linear");
    const sigmoid = byColour(1, new layers.GlobalAveragePooling2D());
    const said = await logit.predict(new Tensor("float32", redAndGreen().data as Float32Array, [1, side, side, 3]));
    for (const classIndex of [0, 1]) {
      const [one, other] = [
        await explain(logit, redAndGreen(), { classIndex }),
        await explain(sigmoid, redAndGreen(), { classIndex }),
      ];
      expect(one.heat.data).toEqual(other.heat.data);
      expect(one.output).toBeCloseTo((classIndex === 1 ? 1 : -1) * Number(said.data[0]), 5);
    }
    expect((await explain(logit, redAndGreen())).classIndex).toBe((await explain(sigmoid, redAndGreen())).classIndex);
  });

  it("draws nothing of a picture, or by weights, that nothing can be computed with", async () => {
    const model = byColour(3, new layers.GlobalAveragePooling2D());
    const pixels = (redAndGreen().data as Float32Array).slice();
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
      pixels[7] = value;
      const lost = explain(model, new Tensor("float32", pixels, [side, side, 3]));
      await expect(lost).rejects.toThrow(NumberError);
      await expect(lost).rejects.toThrow(/Received: (NaN|Infinity), the number 7 of 768/);
    }
    const head = model.layers.at(-1);
    head?.setWeights(
      head
        .getWeights()
        .map(({ dims, data }) => new Tensor("float32", new Float32Array(data.length).fill(Number.NaN), [...dims])),
    );
    await expect(explain(model, redAndGreen())).rejects.toThrow(NumberError);
  });

  it("is 0 everywhere where nothing speaks for the class", async () => {
    const model = byColour(3, new layers.GlobalAveragePooling2D());
    const { heat } = await explain(model, picture({ row: 0, column: 0 }, 0), { classIndex: 2, method: "hirescam" });
    expect(new Set(heat.data as Float32Array)).toEqual(new Set([0]));
  });

  it("takes occlusion for a network without maps, and says which method does not suit it", async () => {
    const model = new models.Sequential([
      layers.Input({ shape: [side, side, 3] }),
      new layers.Flatten(),
      new layers.Dense(2, { activation: "softmax" }),
    ]);
    expect(await explain(model, redAndGreen())).toMatchObject({ method: "occlusion" });
    await expect(explain(model, redAndGreen(), { method: "grad-cam" })).rejects.toThrow(/occlusion suits all networks/);
    await expect(explain(model, redAndGreen(), { method: "attention-rollout" })).rejects.toThrow(UsageError);
  });

  it("refuses what gives no classes, takes no pictures, or another size", async () => {
    const maps = new models.Sequential([layers.Input({ shape: [side, side, 3] }), colours()]);
    await expect(explain(maps, redAndGreen())).rejects.toThrow(/does not say which class/);
    const shared = layers.Input({ shape: [side, side, 3] });
    const pooled = new layers.GlobalAveragePooling2D().apply(shared);
    const outputs = [new layers.Dense(2).apply(pooled), new layers.Dense(3).apply(pooled)];
    const both = new models.Model({ inputs: shared, outputs });
    await expect(explain(both, redAndGreen())).rejects.toThrow(/Received: \[N, 2\] and \[N, 3\]/);
    const numbers = new models.Sequential([layers.Input({ shape: [3] }), new layers.Dense(2)]);
    await expect(explain(numbers, redAndGreen())).rejects.toThrow(/does not take one picture/);
    const model = byColour(3, new layers.GlobalAveragePooling2D());
    const small = new Tensor("float32", new Float32Array(3 * 64), [8, 8, 3]);
    await expect(explain(model, small)).rejects.toThrow(/Expected: \[N, 16, 16, 3\]. Received: \[1, 8, 8, 3\]/);
    await expect(explain(model, redAndGreen(), { classIndex: 3 })).rejects.toThrow(/from 0 to 2/);
  });
});
