import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { evaluation } from "./confusion.js";
import { mostProbable } from "./most-probable.js";
import { isRight, rowsOfSaid, saidOfPhoto } from "./said-of-photo.js";

describe("saidOfPhoto", () => {
  it("keeps the five most probable classes, of equal ones the first, and the photo's own", () => {
    const { said, probability } = saidOfPhoto("a.jpg", 6, [0.1, 0.2, 0.2, 0.05, 0.3, 0.1, 0.02, 0.03]);
    expect(said.map(({ classIndex }) => classIndex)).toEqual([4, 1, 2, 0, 5]);
    expect(probability).toBe(0.02);
  });

  it("says the same of accuracy, loss and confusion as all probabilities do", () => {
    const row = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 7, maxLength: 7 });
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(6), row), { minLength: 1, maxLength: 12 }), (photos) => {
        const labels = Array.from("abcdefg");
        const truth = photos.map(([label]) => label);
        // Many are equal.
        const rows = photos.map(([, numbers]) => numbers.map((number) => number / 16));
        const kept = rows.map((probabilities, index) => saidOfPhoto("x", truth[index] ?? 0, probabilities));
        const again = rowsOfSaid(kept, labels.length);
        const [whole, rest] = [evaluation(labels, truth, rows), evaluation(labels, again.truth, again.probabilities)];
        expect(rest).toEqual(whole);
        expect(kept.map(isRight)).toEqual(rows.map((one, index) => mostProbable(one) === truth[index]));
      }),
    );
  });
});
