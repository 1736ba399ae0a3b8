import type { EChartsCoreOption } from "echarts/core";
import { checkOptionNames, isPlainObject, refuse } from "../errors/check.js";
import { UsageError } from "../errors/errors.js";
import { smooth } from "./smooth.js";
import { axisText, colours, lineIcon, plotTitle, svgChart } from "./svg-chart.js";
import { wrapText } from "./wrap-text.js";

/** One figure over epochs, such as the accuracy. Epochs count from 1. */
export interface CurvePlot {
  readonly title: string;
  /** Name of the vertical axis. */
  readonly axis: string;
  /** Drawn as large dots with a thin line: one value for each epoch. */
  readonly training: { readonly name: string; readonly values: readonly number[] };
  /** Drawn as a strong line with small dots: one value for each epoch. */
  readonly validation?: { readonly name: string; readonly values: readonly number[] } | undefined;
  /** Whether the values are shares, so that the axis ends at 1 and is written in per cent. */
  readonly share?: boolean;
}

/** Marks across all plots, and their size. */
export interface CurvesOptions {
  /** Numbers of the epochs that begin a new phase, ascending, with a word for each. Lines are smoothed within each. */
  readonly phases?: readonly { readonly epoch: number; readonly name: string }[];
  /** Number of the epoch whose weights were kept. */
  readonly bestEpoch?: number;
  /** Sentences under the plots; the picture gets as much higher as they need. */
  readonly notes?: readonly string[];
  /** Width of a plot in pixels; default 520. */
  readonly width?: number;
  /** Height of the picture in pixels, without notes; default 360. */
  readonly height?: number;
}

const { ink, faint, grid, blue: dots, red: line } = colours;

/** Height of a row of words above or below the plots, in pixels. */
const rowHeight = 14;

/** Roughly the width of a character of the small words, in pixels: which font will be used nobody knows. */
const characterWidth = 6;

/** Size of the small words, in pixels. */
const small = 11;

/** Space beside a plot, in pixels. */
const margin = { left: 64, right: 28 };

/** A word above the plot, in a row of its own where it would meet another one. */
interface Mark {
  /** Where the line stands, in epochs. */
  readonly x: number;
  readonly name: string;
  readonly kind: "phase" | "best";
  /** Rows above the plot; that of the best epoch is 0. */
  readonly row: number;
  /** Which side of the word stands at the line. */
  readonly align: "left" | "center" | "right";
}

/** The first epoch that does not belong to a phase any more, and the phase; those without an epoch are left out. */
interface Span {
  readonly from: number;
  readonly to: number;
  readonly name?: string;
}

/** The phases one behind the other; what lies before the first one, too. */
function spansOf(phases: NonNullable<CurvesOptions["phases"]>, epochs: number): Span[] {
  const [first] = phases;
  const before = first === undefined || first.epoch > 1 ? [{ from: 1, to: first?.epoch ?? epochs + 1 }] : [];
  const own = phases.map(({ epoch, name }, index) => ({
    from: Math.max(1, epoch),
    to: Math.min(phases[index + 1]?.epoch ?? epochs + 1, epochs + 1),
    name,
  }));
  return [...before, ...own].filter(({ from, to }) => to > from);
}

/** Puts words into rows so that none meets another one. */
function marksOf(spans: readonly Span[], bestEpoch: number | undefined, epochs: number, plotWidth: number): Mark[] {
  const best: Mark[] =
    bestEpoch === undefined
      ? []
      : [{ x: bestEpoch, name: `best: ${bestEpoch}`, kind: "best", row: 0, align: "center" }];
  // Where the words of a row end so far, in pixels.
  const ends: number[] = [];
  // A single phase says nothing.
  const named = spans.length > 1 ? spans : [];
  const phases = named.flatMap(({ from, name }): Mark[] => {
    if (name === undefined) return [];
    const x = from - 0.5;
    const length = name.length * characterWidth;
    const place = ((x - 0.5) / epochs) * plotWidth;
    // Words stay inside the picture.
    const align = place + length > plotWidth + margin.right ? "right" : "left";
    const start = align === "right" ? place - length : place;
    const free = ends.findIndex((end) => end < start);
    const row = free < 0 ? ends.length : free;
    ends[row] = start + length + characterWidth;
    return [{ x, name, kind: "phase", row: row + 1, align }];
  });
  return [...phases, ...best];
}

function markLine({ x, name, kind, row, align }: Mark): object {
  const color = kind === "best" ? line : faint;
  return {
    xAxis: x,
    name,
    // The first phase begins with the axis.
    lineStyle: { color, type: kind === "best" ? [2, 3] : "solid", width: x < 1 ? 0 : 1 },
    label: {
      formatter: name,
      color,
      fontSize: small,
      position: "end",
      distance: 4 + row * rowHeight,
      align,
    },
  };
}

function points(values: readonly number[]): [number, number][] {
  return values.flatMap((value, index): [number, number][] => (Number.isFinite(value) ? [[index + 1, value]] : []));
}

/** The smoothed values, each phase by itself, with a gap between them. */
function smoothed(values: readonly number[], spans: readonly Span[]): (readonly [number, number | "-"])[] {
  return spans.flatMap(({ from, to }) => [
    ...smooth(values.slice(from - 1, to - 1)).map(
      (value, index) => [from + index, Number.isFinite(value) ? value : "-"] as const,
    ),
    [to - 0.5, "-"] as const,
  ]);
}

/** Whole epochs only, about eight labels at most. */
function epochStep(epochs: number): number {
  const rough = Math.max(1, epochs / 8);
  return [1, 2, 5, 10, 20, 50, 100, 200, 500].find((step) => step >= rough) ?? Math.ceil(rough);
}

/** The legend of a plot. */
function legend({ training, validation }: CurvePlot, left: number): object {
  const lines = validation === undefined ? [] : [{ name: validation.name, icon: lineIcon }];
  return {
    data: [{ name: training.name, icon: "circle" }, ...lines],
    itemGap: 20,
    itemHeight: 8,
    left,
    top: 34,
    itemWidth: 18,
    itemStyle: { opacity: 1 },
    textStyle: axisText,
  };
}

function epochAxis(gridIndex: number, epochs: number): object {
  return {
    gridIndex,
    type: "value",
    name: "epoch",
    nameLocation: "middle",
    nameGap: 28,
    nameTextStyle: axisText,
    min: 0.5,
    max: epochs + 0.5,
    axisLine: { lineStyle: { color: faint }, onZero: false },
    // Left alone, ticks would start at `min`, half an epoch before the first.
    axisTick: { show: true, customValues: ticks(epochs) },
    axisLabel: { ...axisText, customValues: ticks(epochs) },
    splitLine: { show: false },
  };
}

function figureAxis(gridIndex: number, { axis, share = false }: CurvePlot): object {
  const percent = (value: number): string => `${Number((100 * value).toFixed(1))} %`;
  return {
    gridIndex,
    type: "value",
    name: axis,
    nameLocation: "middle",
    nameGap: 44,
    nameTextStyle: axisText,
    scale: share,
    ...(share ? { max: 1 } : { min: 0 }),
    axisLabel: share ? { ...axisText, formatter: percent } : axisText,
    axisLine: { show: true, lineStyle: { color: faint } },
    splitLine: { lineStyle: { color: grid } },
  };
}

/** Up to so many epochs points are drawn strongly. */
const few = 5;

/** Raw points of a figure, and the smoothed line over them. */
function pointsAndLine(
  { name, values }: CurvePlot["training"],
  place: object,
  spans: readonly Span[],
  look: { readonly color: string; readonly size: number; readonly width: number },
): [object, object] {
  const { color, size, width } = look;
  return [
    {
      ...{ type: "scatter", name, ...place, data: points(values), symbol: "circle" },
      // Few epochs have little of a line.
      symbolSize: values.length > few ? size : 7,
      itemStyle: { color, opacity: values.length > few ? 0.45 : 1 },
    },
    {
      ...{ type: "line", name, ...place, data: smoothed(values, spans), showSymbol: false, silent: true },
      lineStyle: { color, width },
      itemStyle: { color },
    },
  ];
}

/** Points and lines of a plot; the first carries the marks. */
function series(
  { training, validation }: CurvePlot,
  index: number,
  spans: readonly Span[],
  marks: { readonly lines: readonly object[]; readonly areas: readonly object[] },
): object[] {
  const place = { xAxisIndex: index, yAxisIndex: index };
  const many = training.values.length > 60;
  const [first, own] = pointsAndLine(training, place, spans, { color: dots, size: many ? 4 : 7, width: 1 });
  const marked = {
    ...first,
    markLine: { silent: true, symbol: "none", data: marks.lines },
    markArea: { silent: true, itemStyle: { color: "#000000", opacity: 0.04 }, data: marks.areas },
  };
  if (validation === undefined) return [marked, own];
  return [
    ...[marked, own],
    ...pointsAndLine(validation, place, spans, { color: line, size: many ? 2.5 : 4, width: 2 }),
  ];
}

/** Every second phase has a ground of its own. */
function areasOf(spans: readonly Span[]): object[] {
  return spans.flatMap(({ from, to }, index) =>
    index % 2 === 1 ? [[{ xAxis: from - 0.5 }, { xAxis: to - 0.5 }]] : [],
  );
}

/** The picture, but for its size. */
interface Layout {
  readonly chart: EChartsCoreOption;
  /** What the notes add to its height, in pixels. */
  readonly added: number;
}

function layout(plots: readonly CurvePlot[], options: CurvesOptions, width: number): Layout {
  const epochs = Math.max(
    1,
    ...plots.flatMap(({ training, validation }) => [training.values.length, validation?.values.length ?? 0]),
  );
  const spans = spansOf(options.phases ?? [], epochs);
  const plotWidth = width - margin.left - margin.right;
  const marks = marksOf(spans, options.bestEpoch, epochs, plotWidth);
  const drawn = { lines: marks.map(markLine), areas: areasOf(spans) };
  const left = (index: number): number => index * width + margin.left;
  const titles = plots.map(({ title }, index) => plotTitle(title, left(index)));
  const lineLength = Math.floor((width * plots.length - margin.left - margin.right) / characterWidth);
  const notes = (options.notes ?? []).flatMap((note) => wrapText(note, lineLength));
  const added = notes.length === 0 ? 0 : notes.length * rowHeight + 10;
  const noteText = { fontSize: small, fontWeight: "normal", color: ink, lineHeight: rowHeight };
  const under = { text: notes.join("\n"), left: margin.left, bottom: 6, padding: 0, textStyle: noteText };
  const top = 64 + rowHeight * Math.max(2, 1 + Math.max(0, ...marks.map(({ row }) => row)));
  const chart = {
    title: added === 0 ? titles : [...titles, under],
    legend: plots.map((plot, index) => legend(plot, left(index))),
    grid: plots.map((_, index) => ({ left: left(index), width: plotWidth, top, bottom: 52 + added })),
    xAxis: plots.map((_, index) => epochAxis(index, epochs)),
    yAxis: plots.map((plot, index) => figureAxis(index, plot)),
    series: plots.flatMap((plot, index) => series(plot, index, spans, drawn)),
  };
  return { chart, added };
}

function ticks(epochs: number): number[] {
  const step = epochStep(epochs);
  return Array.from({ length: epochs }, (_, index) => index + 1).filter((epoch) => step === 1 || epoch % step === 0);
}

/**
 * Draws curves over epochs as an SVG: raw figures as dots, and smoothed lines over them (see `smooth`), all plots
 * side by side, on white. The SVG stands alone: no scripts, and no fonts but the reader's.
 *
 * @param plots one or more
 * @param options marks and size
 * @returns the text of an `.svg` file
 * @throws UsageError when there is no plot
 * @see https://echarts.apache.org/handbook/en/how-to/cross-platform/server/
 *
 * @example
 * ```ts
 * import { plots } from "graft-ml";
 *
 * // As fit gives it: const { history } = await model.fit(…).
 * const history = { acc: [0.6, 0.8], val_acc: [0.5, 0.7], loss: [0.7, 0.4], val_loss: [0.8, 0.5] };
 * const svg = plots.curvesSvg(plots.historyPlots(history), { bestEpoch: 2 });
 * console.log(svg.slice(0, 4)); // → <svg
 * ```
 */
export function curvesSvg(plots: readonly CurvePlot[], options: CurvesOptions = {}): string {
  checkOptionNames("curvesSvg", options, ["phases", "bestEpoch", "notes", "width", "height"]);
  // From JavaScript it may be anything.
  const given: unknown = plots;
  if (!Array.isArray(given) || !given.every((plot) => isPlainObject(plot) && isPlainObject(plot["training"]))) {
    refuse("curvesSvg", "plots", "a list of plots, as historyPlots gives it", given);
  }
  if (plots.length === 0) {
    throw new UsageError("There is nothing to draw.", {
      subject: "curves",
      expected: "at least one plot",
      received: "none",
    });
  }
  const { width = 520, height = 360 } = options;
  const { chart, added } = layout(plots, options, width);
  return svgChart(chart, { width: width * plots.length, height: height + added });
}

/** Keras's History: a list of numbers for each figure. */
export type HistoryLists = Readonly<Record<string, readonly number[]>>;

/**
 * The two plots of the Keras guide from `history.history`: accuracy (`acc` or `accuracy`) and loss, each with its
 * validation figures where there are some.
 *
 * @param history lists such as `acc`, `val_acc`, `loss`, `val_loss`
 * @returns the accuracy, where there is one, then the loss; draw each alone or both together with {@link curvesSvg}
 * @throws UsageError when there is neither
 * @see https://keras.io/api/models/model_training_apis/ `History`
 *
 * @example
 * ```ts
 * import { plots } from "graft-ml";
 *
 * // As fit gives it: const { history } = await model.fit(…).
 * const history = { acc: [0.6, 0.8], val_acc: [0.5, 0.7], loss: [0.7, 0.4], val_loss: [0.8, 0.5] };
 * const [accuracy, loss] = plots.historyPlots(history);
 * console.log(accuracy?.title); // → Training and validation accuracy
 * console.log(loss?.title); // → Training and validation loss
 * ```
 */
export function historyPlots(history: HistoryLists): CurvePlot[] {
  const given: unknown = history;
  if (!isPlainObject(given) || !Object.values(given).every((list) => Array.isArray(list))) {
    refuse("historyPlots", "history", "lists of numbers by name, as history.history of fit", given);
  }
  const plot = (key: string, word: string, axis: string, share: boolean): CurvePlot[] => {
    const training = history[key];
    if (training === undefined) return [];
    const validation = history[`val_${key}`];
    return [
      {
        title: `Training and validation ${axis}`,
        axis,
        share,
        training: { name: `Training ${word}`, values: training },
        validation: validation && { name: `Validation ${word}`, values: validation },
      },
    ];
  };
  const accuracyKey = "acc" in history ? "acc" : "accuracy";
  const plots = [...plot(accuracyKey, "acc", "accuracy", true), ...plot("loss", "loss", "loss", false)];
  if (plots.length > 0) return plots;
  throw new UsageError("The history has nothing to draw.", {
    subject: "history",
    expected: '"acc", "accuracy" or "loss"',
    received: Object.keys(history).join(", ") || "no figures",
  });
}
