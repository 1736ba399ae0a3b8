import { expect, test } from "vitest";
import { ShapeError } from "../errors/errors.js";
import { confusionText, evaluation, perClassText } from "./confusion.js";
import { predictionInterval } from "./interval.js";
import { mostProbable } from "./most-probable.js";

const two = evaluation(
  ["cat", "dog"],
  [0, 0, 0, 1],
  [
    [0.9, 0.1],
    [0.6, 0.4],
    [0.2, 0.8],
    [0.25, 0.75],
  ],
);

test("figures of four photos, by hand", () => {
  expect(two.photos).toBe(4);
  expect(two.accuracy).toBe(0.75);
  expect(two.balancedAccuracy).toBeCloseTo((2 / 3 + 1) / 2, 12);
  expect(two.accuracyInterval).toEqual({ ...predictionInterval(0.75, 4, 100), photos: 100 });
  expect(two.loss).toBeCloseTo(-(Math.log(0.9) + Math.log(0.6) + Math.log(0.2) + Math.log(0.75)) / 4, 12);
  expect(two.confusion).toEqual([
    [2, 1],
    [0, 1],
  ]);
  expect(two.perClass).toEqual([
    { label: "cat", photos: 3, predicted: 2, recall: 2 / 3, precision: 1, f1: 0.8 },
    { label: "dog", photos: 1, predicted: 2, recall: 1, precision: 0.5, f1: 2 / 3 },
  ]);
});

test("a class without photos, and one that was never predicted, have no share", () => {
  const { perClass, accuracy } = evaluation(["a", "b", "c"], [0], [[0.1, 0.9, 0]]);
  expect(accuracy).toBe(0);
  expect(perClass.map(({ recall, precision }) => [recall, precision])).toEqual([
    [0, null],
    [null, 0],
    [null, null],
  ]);
});

test("a certain mistake costs −log of Keras's epsilon, not infinity", () => {
  expect(evaluation(["a", "b"], [0], [[0, 1]]).loss).toBeCloseTo(-Math.log(1e-7), 12);
  expect(evaluation(["a", "b"], [], [])).toMatchObject({ photos: 0, loss: 0, accuracy: 0 });
});

test("of equal probabilities the first is taken", () => {
  expect(mostProbable([0.2, 0.4, 0.4])).toBe(1);
});

test("lengths that do not fit are refused", () => {
  expect(() => evaluation(["a", "b"], [0], [])).toThrow(ShapeError);
  expect(() => evaluation(["a", "b"], [0], [[1]])).toThrow(/a row of 1/);
  expect(() => evaluation(["a", "b"], [2], [[1, 0]])).toThrow(/0 to 1/);
});

test("two classes are shown whole", () => {
  expect(perClassText(two)).toBe(
    [
      "class  photos  recognised  precision      F1",
      "cat         3      66.7 %    100.0 %  80.0 %",
      "dog         1     100.0 %     50.0 %  66.7 %",
    ].join("\n"),
  );
  expect(confusionText(two)).toBe(
    ["What they were taken for, by number:", "   photos of  1  2", "1  cat        2  1", "2  dog        ·  1"].join(
      "\n",
    ),
  );
});

test("102 classes fit on a screen", () => {
  const labels = Array.from({ length: 102 }, (_, index) => `a flower with quite a long name, number ${index}`);
  const truth = labels.flatMap((_, index) => [index, index]);
  const rows = truth.map((label, index) => labels.map((_, column) => (column === (index < 40 ? 0 : label) ? 1 : 0)));
  const result = evaluation(labels, truth, rows);
  const text = `${perClassText(result)}\n${confusionText(result)}`;
  expect(text).toMatch(/The 10 of 102 classes that are recognised least/);
  expect(text).toMatch(/9 more pairs of classes were mixed up/);
  const lines = text.split("\n");
  expect(lines.length).toBeLessThan(26);
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(80);
});

test("without mistakes there is nothing to list", () => {
  const labels = Array.from({ length: 12 }, (_, index) => `c${index}`);
  const result = evaluation(labels, [3], [labels.map((_, index) => (index === 3 ? 1 : 0))]);
  expect(confusionText(result)).toBe("No photo was taken for another class.");
});
