import { describe, expect, it } from "vitest";
import { float32 } from "../onnx/tensor-data.js";
import { Generator } from "../random/generator.js";
import { createNodeRuntime } from "../runtime/node/runtime.js";
import { HeadFitter, type LabelledFeatures } from "./fit-head.js";
import { foldsOf } from "./folds.js";
import { learningCurve } from "./learning-curve.js";
import { shareRight } from "./probabilities.js";

const width = 60;
const penalty = 10;

/** Photos of three classes that differ in the first features; all else is noise. */
function photos(count: number, seed: number): LabelledFeatures {
  const random = new Generator(seed);
  const labels = Array.from({ length: count }, (_, photo) => photo % 3);
  const features = random.normalInto(new Float32Array(count * width));
  for (const [photo, label] of labels.entries())
    features[photo * width + label] = (features[photo * width + label] ?? 0) + 2;
  return {
    features: float32(features, [count, width]),
    labels,
    folds: foldsOf(
      labels,
      labels.map((_, photo) => String(photo)),
      new Generator(1),
    ),
  };
}

describe("learningCurve", () => {
  it("says what twice as many photos would give, and that is what they give", async () => {
    const runtime = createNodeRuntime();
    const told: number[] = [];
    const curve = await learningCurve(photos(96, 7), penalty, {
      ...{ runtime, random: new Generator(3) },
      onFit: (done, total) => told.push(done / total),
    });
    expect(curve?.points.map(({ photos: learned }) => learned)).toEqual(
      [12, 20, 39, 77].map((size) => expect.closeTo(size, -1) as number),
    );
    expect(told).toHaveLength(3 * 3 * 5 + 5);
    expect(told.at(-1)).toBe(1);
    const fitter = await HeadFitter.create(runtime, width, 3);
    const fresh = photos(3000, 99);
    const accuracyWith = async (count: number): Promise<number> =>
      shareRight(await fitter.logits(fresh.features, await fitter.refit(photos(count, 7), penalty)), fresh.labels);
    const [now, doubled] = [await accuracyWith(96), await accuracyWith(192)];
    await fitter.release();
    expect(doubled).toBeGreaterThan(now + 0.01);
    const said = curve?.doubled.accuracy;
    expect(said?.low).toBeLessThan(doubled);
    expect(said?.high).toBeGreaterThan(doubled);
    expect(Math.abs((curve?.gain.value ?? NaN) - (doubled - now))).toBeLessThan(0.04);
    expect(curve?.gain.low).toBeGreaterThan(0);
  });

  it("says nothing of a handful of photos, and ends when it is told to", async () => {
    const runtime = createNodeRuntime();
    expect(await learningCurve(photos(9, 7), penalty, { runtime, random: new Generator(1) })).toBeUndefined();
    const stop = new AbortController();
    let fits = 0;
    const onFit = (): void => {
      if (++fits === 2) stop.abort();
    };
    const curve = await learningCurve(photos(60, 7), penalty, {
      ...{ runtime, random: new Generator(1), onFit, signal: stop.signal },
    });
    expect(curve).toBeUndefined();
    expect(fits).toBe(2);
  });
});
