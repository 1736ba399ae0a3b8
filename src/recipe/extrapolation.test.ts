import { expect, it } from "vitest";
import { Generator } from "../random/generator.js";
import { extrapolate, heightOf } from "./extrapolation.js";

const sizes = [12, 25, 50, 100];

/** Photos that are wrong with a probability of `floor + slope / √photos`, each with a difficulty of its own. */
function measured(photos: number, floor: number, slope: number, seed: number) {
  const random = new Generator(seed);
  const difficulty = Array.from({ length: photos }, () => random.uniform());
  return sizes.map((size) => ({
    photos: size,
    values: difficulty.map((hard) => (hard < floor + slope / Math.sqrt(size) ? 1 : 0)),
  }));
}

it("finds the curve that points lie on, and goes on with it", () => {
  const points = sizes.map((photos) => ({ photos, values: [0.1 + 2 / Math.sqrt(photos)] }));
  const { curve, from, to, gain } = extrapolate(points, { from: 100, to: 200, random: new Generator(1) });
  expect(curve.floor).toBeCloseTo(0.1, 9);
  expect(curve.slope).toBeCloseTo(2, 9);
  expect(from.value).toBeCloseTo(0.3, 9);
  expect(to.value).toBeCloseTo(heightOf(curve, 200), 9);
  expect(gain.value).toBeCloseTo(0.2 - 2 / Math.sqrt(200), 9);
});

it("lets nothing fall below 0, and nothing rise", () => {
  const steep = sizes.map((photos) => ({ photos, values: [Math.max(0, 2 / Math.sqrt(photos) - 0.1)] }));
  expect(extrapolate(steep, { from: 100, to: 1e9, random: new Generator(1) }).to.value).toBeGreaterThanOrEqual(0);
  const rising = sizes.map((photos) => ({ photos, values: [photos / 200] }));
  expect(extrapolate(rising, { from: 100, to: 200, random: new Generator(1) }).gain.value).toBe(0);
});

it("has intervals that hold the truth nine times in ten", () => {
  let held = 0;
  for (let seed = 0; seed < 100; seed++) {
    const { to } = extrapolate(measured(150, 0.05, 1, seed), { from: 100, to: 200, random: new Generator(seed) });
    const truth = 0.05 + 1 / Math.sqrt(200);
    if (to.low <= truth && truth <= to.high) held++;
  }
  expect(held).toBeGreaterThanOrEqual(90);
});

it("has intervals that hold the truth also where errors fall by as much with each doubling", () => {
  let held = 0;
  for (let seed = 0; seed < 100; seed++) {
    const random = new Generator(seed);
    const difficulty = Array.from({ length: 150 }, () => random.uniform());
    const points = sizes.map((photos) => ({
      photos,
      values: difficulty.map((hard) => (hard < 0.6 - 0.05 * Math.log2(photos) ? 1 : 0)),
    }));
    const { gain, to } = extrapolate(points, { from: 100, to: 200, random });
    const truth = 0.6 - 0.05 * Math.log2(200);
    if (gain.low <= 0.05 && 0.05 <= gain.high && to.low <= truth && truth <= to.high) held++;
  }
  expect(held).toBeGreaterThanOrEqual(90);
});
