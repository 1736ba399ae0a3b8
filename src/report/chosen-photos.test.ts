import { describe, expect, it } from "vitest";
import { cellsOf, doubtfulLabels, leastSure, worstMistakes } from "./chosen-photos.js";
import { saidOfPhoto } from "./said-of-photo.js";

const photos = [
  saidOfPhoto("sure and right", 0, [0.98, 0.02]),
  saidOfPhoto("right", 0, [0.6, 0.4]),
  saidOfPhoto("sure and wrong", 0, [0.05, 0.95]),
  saidOfPhoto("wrong", 0, [0.45, 0.55]),
  saidOfPhoto("other", 1, [0.2, 0.8]),
  saidOfPhoto("other too", 1, [0.1, 0.9]),
];
const names = (list: readonly { readonly path: string }[]): string[] => list.map(({ path }) => path);

describe("the photos that a report shows", () => {
  it("names the mistakes that are surest first", () => {
    expect(names(worstMistakes(photos, 5))).toEqual(["sure and wrong", "wrong"]);
    expect(names(worstMistakes(photos, 1))).toEqual(["sure and wrong"]);
  });

  it("names those first of which two classes are nearly equally probable", () => {
    expect(names(leastSure(photos, 2))).toEqual(["wrong", "right"]);
  });

  it("doubts a label where another class is as sure as for its own photos, not where it is a mere mistake", () => {
    // The mean of class 1 for its own photos is 0.85.
    expect(names(doubtfulLabels(photos))).toEqual(["sure and wrong"]);
  });

  it("puts photos into cells, the most frequent mistakes before what is right", () => {
    const cells = cellsOf(photos).map(({ truth, predicted, photos: own }) => [truth, predicted, ...names(own)]);
    expect(cells).toEqual([
      [0, 1, "sure and wrong", "wrong"],
      [0, 0, "right", "sure and right"],
      [1, 1, "other", "other too"],
    ]);
  });
});
