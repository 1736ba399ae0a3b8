import { LineChart, ScatterChart } from "echarts/charts";
import { GridComponent, LegendComponent, MarkLineComponent, TitleComponent } from "echarts/components";
import { type EChartsCoreOption, init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { checkOptionNames, isPlainObject, refuse } from "../errors/check.js";
import { UsageError } from "../errors/errors.js";

/** One figure over epochs, such as the accuracy. Epochs count from 1. */
export interface CurvePlot {
  readonly title: string;
  /** Name of the vertical axis. */
  readonly axis: string;
  /** Drawn as dots: one value for each epoch. */
  readonly training: { readonly name: string; readonly values: readonly number[] };
  /** Drawn as a line: one value for each epoch. */
  readonly validation?: { readonly name: string; readonly values: readonly number[] } | undefined;
  /** Whether the values are shares, so that the axis ends at 1 and is written in per cent. */
  readonly share?: boolean;
}

/** Marks across all plots, and their size. */
export interface CurvesOptions {
  /** Numbers of the epochs that begin a new phase, with a word for each. */
  readonly phases?: readonly { readonly epoch: number; readonly name: string }[];
  /** Number of the epoch whose weights were kept. */
  readonly bestEpoch?: number;
  /** Width of a plot in pixels; default 520. */
  readonly width?: number;
  /** Height of the picture in pixels; default 360. */
  readonly height?: number;
}

const ink = "#222222";
const faint = "#8a8a8a";
const grid = "#e4e4e4";
const dots = "#1f6fb4";
const line = "#d1495b";

/** ECharts has one list of parts for the whole process, to which those for curves are added once. */
let registered = false;

/** At the first use rather than on import, so that importing this file has no effect. */
function register(): void {
  if (registered) return;
  use([LineChart, ScatterChart, GridComponent, LegendComponent, MarkLineComponent, TitleComponent, SVGRenderer]);
  registered = true;
}

/** A vertical mark with a word above the plot: of a phase on a line of its own, so that it never meets that of the best epoch. */
function mark(x: number, name: string, kind: "phase" | "best", epochs: number): object {
  const color = kind === "best" ? line : faint;
  return {
    xAxis: x,
    name,
    lineStyle: { color, type: kind === "best" ? [2, 3] : "solid", width: 1 },
    label: {
      formatter: name,
      color,
      fontSize: 11,
      position: "end",
      distance: kind === "best" ? 4 : 17,
      // Long words stay inside the picture.
      align: kind === "best" ? "center" : x > epochs / 2 ? "right" : "left",
    },
  };
}

function points(values: readonly number[]): [number, number][] {
  return values.flatMap((value, index): [number, number][] => (Number.isFinite(value) ? [[index + 1, value]] : []));
}

/** Whole epochs only, about eight labels at most. */
function epochStep(epochs: number): number {
  const rough = Math.max(1, epochs / 8);
  return [1, 2, 5, 10, 20, 50, 100, 200, 500].find((step) => step >= rough) ?? Math.ceil(rough);
}

const axisText = { color: ink, fontSize: 12 };

/** The legend of a plot. */
function legend({ training, validation }: CurvePlot, left: number): object {
  const lines = validation === undefined ? [] : [{ name: validation.name, icon: "path://M0 4h18v2H0z" }];
  return {
    data: [{ name: training.name, icon: "circle" }, ...lines],
    itemGap: 20,
    itemHeight: 8,
    left,
    top: 34,
    itemWidth: 18,
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

/** Dots of the training, with the marks, and the line of the validation. */
function series(
  { training, validation }: CurvePlot,
  index: number,
  epochs: number,
  marks: readonly object[],
): object[] {
  const place = { xAxisIndex: index, yAxisIndex: index };
  const scatter = {
    type: "scatter",
    name: training.name,
    ...place,
    data: points(training.values),
    symbol: "circle",
    symbolSize: epochs > 60 ? 4 : 7,
    itemStyle: { color: dots },
    markLine: { silent: true, symbol: "none", data: marks },
  };
  if (validation === undefined) return [scatter];
  return [
    scatter,
    {
      type: "line",
      name: validation.name,
      ...place,
      data: points(validation.values),
      // A line through a single epoch would be invisible.
      showSymbol: validation.values.length === 1,
      lineStyle: { color: line, width: 2 },
      itemStyle: { color: line },
    },
  ];
}

function layout(plots: readonly CurvePlot[], options: CurvesOptions, width: number): EChartsCoreOption {
  const epochs = Math.max(
    1,
    ...plots.flatMap(({ training, validation }) => [training.values.length, validation?.values.length ?? 0]),
  );
  const marks = [
    ...(options.phases ?? [])
      // The line lies between the last epoch of one phase and the first one of the next.
      .filter(({ epoch }) => epoch > 1)
      .map(({ epoch, name }) => mark(epoch - 0.5, name, "phase", epochs)),
    ...(options.bestEpoch === undefined ? [] : [mark(options.bestEpoch, `best: ${options.bestEpoch}`, "best", epochs)]),
  ];
  const left = (index: number): number => index * width + 64;
  const titleText = { fontSize: 15, fontWeight: "bold", color: ink };
  return {
    animation: false,
    backgroundColor: "#ffffff",
    textStyle: { fontFamily: "sans-serif", color: ink },
    title: plots.map(({ title }, index) => ({ text: title, left: left(index), top: 10, textStyle: titleText })),
    legend: plots.map((plot, index) => legend(plot, left(index))),
    grid: plots.map((_, index) => ({ left: left(index), width: width - 92, top: 92, bottom: 52 })),
    xAxis: plots.map((_, index) => epochAxis(index, epochs)),
    yAxis: plots.map((plot, index) => figureAxis(index, plot)),
    series: plots.flatMap((plot, index) => series(plot, index, epochs, marks)),
  };
}

function ticks(epochs: number): number[] {
  const step = epochStep(epochs);
  return Array.from({ length: epochs }, (_, index) => index + 1).filter((epoch) => step === 1 || epoch % step === 0);
}

/**
 * Draws curves over epochs as an SVG: training as dots, validation as lines, all plots side by side, on white. The SVG
 * stands alone: no scripts, and no fonts but the reader's.
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
  checkOptionNames("curvesSvg", options, ["phases", "bestEpoch", "width", "height"]);
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
  register();
  const { width = 520, height = 360 } = options;
  const chart = init(null, null, { renderer: "svg", ssr: true, width: width * plots.length, height });
  try {
    chart.setOption(layout(plots, options, width));
    return `${chart.renderToSVGString()}\n`;
  } finally {
    chart.dispose();
  }
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
