import sharp from "sharp";
import { expect, test } from "vitest";
import { UsageError } from "../errors/errors.js";
import { curvesSvg, historyPlots } from "./curves.js";

const history = { acc: [0.5, 0.7, 0.8], val_acc: [0.6, 0.65, 0.7], loss: [1.2, 0.8, 0.5], val_loss: [1, 0.9, 0.85] };

/** All words of an SVG. */
function words(svg: string): string[] {
  return Array.from(svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g), ([, text]) => text ?? "");
}

test("both plots of a Keras history, with titles, names of axes and a legend", () => {
  const svg = curvesSvg(historyPlots(history));
  expect(words(svg)).toEqual(
    expect.arrayContaining([
      ...["Training and validation accuracy", "Training and validation loss", "epoch", "accuracy", "loss"],
      ...["Training acc", "Validation acc", "Training loss", "Validation loss", "1", "2", "3"],
    ]),
  );
  expect(svg).toMatch(/^<svg width="1040" height="360"/);
});

test("the picture stands alone: no scripts, no fonts, no pictures from elsewhere", () => {
  expect(curvesSvg(historyPlots(history))).not.toMatch(/<script|@font-face|@import|url\((?!#)|href="(?!#)/);
});

test("phases and the best epoch are marked", () => {
  const marked = curvesSvg(historyPlots(history), {
    phases: [
      { epoch: 1, name: "head" },
      { epoch: 2, name: "last block too" },
    ],
    bestEpoch: 3,
  });
  expect(words(marked).filter((text) => text === "best: 3")).toHaveLength(2);
  expect(words(marked).filter((text) => text === "last block too")).toHaveLength(2);
  // The first phase begins with the curves: a line there would say nothing.
  expect(words(marked)).not.toContain("head");
});

test("each plot can be drawn alone, and a single epoch is visible", async () => {
  const [accuracy] = historyPlots({ accuracy: [0.5], val_accuracy: [0.6], loss: [1] });
  if (accuracy === undefined) throw new Error("no plot");
  const { data, info } = await sharp(Buffer.from(curvesSvg([accuracy])))
    .raw()
    .toBuffer({ resolveWithObject: true });
  expect([info.width, info.height]).toEqual([520, 360]);
  const pixels = Array.from({ length: data.length / info.channels }, (_, index) => index * info.channels);
  const blue = pixels.filter((at) => (data[at + 2] ?? 0) - (data[at] ?? 0) > 80);
  const red = pixels.filter((at) => (data[at] ?? 0) - (data[at + 2] ?? 0) > 80);
  expect(blue.length).toBeGreaterThan(60); // the dot of the legend and the one of the epoch
  expect(red.length).toBeGreaterThan(20);
});

test("figures that are no numbers leave a gap", () => {
  expect(() => curvesSvg(historyPlots({ loss: [1, NaN, Infinity, 0.5] }))).not.toThrow();
});

test("nothing to draw is an error", () => {
  expect(() => curvesSvg([])).toThrow(UsageError);
  expect(() => historyPlots({ mae: [1] })).toThrow(/acc.*Received: mae/);
});
