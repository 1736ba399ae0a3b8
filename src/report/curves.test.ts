import sharp from "sharp";
import { expect, test } from "vitest";
import { UsageError } from "../errors/errors.js";
import { type CurvesOptions, curvesSvg, historyPlots } from "./curves.js";

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
  expect(words(marked).filter((text) => text === "head")).toHaveLength(2);
  // A single phase says nothing.
  expect(words(curvesSvg(historyPlots(history), { phases: [{ epoch: 1, name: "head" }] }))).not.toContain("head");
});

test("words of phases that are close to each other stand in rows of their own", () => {
  const names = ["the first phase", "the second phase", "the third phase"];
  const phases = names.map((name, index) => ({ epoch: index + 1, name }));
  const long = Array.from({ length: 60 }, (_, epoch) => 1 / (epoch + 1));
  const svg = curvesSvg(historyPlots({ loss: long }), { phases, bestEpoch: 2 });
  const rows = [...names, "best: 2"].map(
    (name) => new RegExp(`translate\\([\\d.]+ ([\\d.]+)\\)"[^>]*>${name}<`).exec(svg)?.[1],
  );
  expect(new Set(rows).size).toBe(4);
  expect(rows).not.toContain(undefined);
});

test("notes stand under the plots, in lines that fit, and the picture is as much higher", () => {
  const note = "From epoch 3 on the validation loss rises while the training loss goes on falling. ".repeat(3).trim();
  const svg = curvesSvg(historyPlots(history), { notes: [note, "Second."] });
  const lines = words(svg).filter((text) => note.includes(text) && text.length > 20);
  expect(lines.length).toBeGreaterThan(1);
  expect(lines.join(" ")).toBe(note);
  expect(words(svg)).toContain("Second.");
  expect(Number(/height="(\d+)"/.exec(svg)?.[1])).toBe(360 + 10 + 14 * (lines.length + 1));
});

test("lines are smoothed over raw points, and not across phases", () => {
  // A step in the middle, and a zigzag.
  const noisy = Array.from({ length: 40 }, (_, epoch) => (epoch < 20 ? 0.2 : 0.8) + (epoch % 2 === 0 ? 0.1 : -0.1));
  const line = (options: CurvesOptions): number[] => {
    const svg = curvesSvg(historyPlots({ loss: noisy }), options);
    const path = /<path d="([^"]+)" fill="none"[^>]*stroke="#1f6fb4"/.exec(svg)?.[1] ?? "";
    return Array.from(path.matchAll(/[ML][\d.]+ ([\d.]+)/g), ([, y]) => Number(y));
  };
  const phases = [1, 21].map((epoch) => ({ epoch, name: "phase" }));
  const [whole, apart] = [line({}), line({ phases })];
  const climb = (values: readonly number[], from: number, to: number): number =>
    Math.abs((values[to] ?? NaN) - (values[from] ?? NaN));
  expect(climb(whole, 8, 9)).toBeLessThan(2);
  expect(climb(whole, 14, 19)).toBeGreaterThan(25);
  // The end of the first phase knows nothing of the second; a zigzag bends an end by half of itself at most.
  expect(climb(apart, 14, 19)).toBeLessThan(17);
  expect(apart).toHaveLength(40);
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
