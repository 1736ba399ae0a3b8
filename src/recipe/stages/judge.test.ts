import { describe, expect, it } from "vitest";
import { float32, type TensorData } from "../../onnx/tensor-data.js";
import { Generator } from "../../random/generator.js";
import type { Part } from "../part.js";
import { judge, type Said } from "./judge.js";

const size = 60;

/** Photos of two classes. */
function part(number: number): Part {
  const photos = Array.from({ length: size }, (_, photo) => photo);
  const labels = photos.map((photo) => photo % 2);
  return {
    ...{ labels, weights: labels.map(() => 1), folds: photos.map((photo) => photo % 5) },
    weighting: { kind: "none", byClass: [1, 1] },
    held: photos.map((photo) => number * size + photo),
    learned: [],
  };
}

const parts = [part(0), part(1), part(2), part(3), part(4)] as const;

/** Logits in which the right class lies `apart` above the other, on the mean, and noise. */
function saying(apart: number, seed: number): TensorData<"float32"> {
  const random = new Generator(seed);
  const values = new Float32Array(2 * size);
  random.normalInto(values);
  for (let photo = 0; photo < size; photo++) {
    const right = 2 * photo + (photo % 2);
    values[right] = (values[right] ?? 0) + apart;
  }
  return float32(values, [size, 2]);
}

const best = parts.map((_, number) => saying(1.5, number + 1));

/** What comes of a training that is as far apart as given on each part; who was asked beyond the first. */
async function asked(
  apart: readonly number[],
  among = 1,
): Promise<{ readonly numbers: number[]; readonly judged: Awaited<ReturnType<typeof judge>> }> {
  const said = (number: number): Said =>
    Array.from({ length: among }, (_, index) => saying((apart[number] ?? 0) + index, 100 + number + 10 * index));
  const numbers: number[] = [];
  const judged = await judge(parts, best, said(0), (next) => {
    const number = parts.indexOf(next);
    numbers.push(number);
    return Promise.resolve(apart[number] === undefined ? undefined : said(number));
  });
  return { numbers, judged };
}

describe("judge", () => {
  it("asks nobody else where the first part is clear, either way", async () => {
    const better = await asked([4, 4, 4]);
    expect([better.numbers, better.judged.choice.index]).toEqual([[], 1]);
    const worse = await asked([0.5, 4, 4]);
    expect([worse.numbers, worse.judged.choice.index]).toEqual([[], 0]);
    expect(worse.judged.asked.labels).toHaveLength(size);
  });

  it("asks another part where the first is not clear, and no more than that", async () => {
    const unclear = 1.95;
    const helped = await asked([unclear, 5, 0]);
    expect([helped.numbers, helped.judged.choice.index]).toEqual([[1], 1]);
    const never = await asked([unclear, unclear, 5]);
    expect(never.numbers).toEqual([1]);
    expect(never.judged.asked.labels).toHaveLength(2 * size);
    expect(never.judged.choice.heldOut.dims).toEqual([2 * size, 2]);
    expect(never.judged.said).toHaveLength(2);
  });

  it("decides by what it has where a part cannot be asked", async () => {
    const { numbers, judged } = await asked([1.95]);
    expect(numbers).toEqual([1]);
    expect(judged.said).toHaveLength(1);
  });

  it("asks no more parts than the best one so far has been asked", async () => {
    const numbers: number[] = [];
    await judge(parts, best.slice(0, 1), [saying(1.95, 100)], (next) => {
      numbers.push(parts.indexOf(next));
      return Promise.resolve([saying(1.95, 101)]);
    });
    expect(numbers).toEqual([]);
  });

  it("asks nobody else about a training whose answers are no numbers, and does not take it", async () => {
    const lost = float32(new Float32Array(2 * size).fill(Number.NaN), [size, 2]);
    const numbers: number[] = [];
    const { choice } = await judge(parts, best, [lost, lost], (next) => {
      numbers.push(parts.indexOf(next));
      return Promise.resolve([lost, lost]);
    });
    expect([numbers, choice.index]).toEqual([[], 0]);
  });

  it("chooses among what there is of the training, by all parts that were asked", async () => {
    const { judged } = await asked([1.95, 4, 4], 2);
    expect(judged.choice.index).toBe(2);
  });
});
