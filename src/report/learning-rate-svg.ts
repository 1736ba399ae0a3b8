import { refuse } from "../errors/check.js";
import type { LearningRates } from "../training/learning-rate/learning-rates.js";
import { axisText, colours, lineIcon, plotTitle, svgChart } from "./svg-chart.js";

/** In pixels. */
const size = { width: 620, height: 380 };

/** Losses above this many times the range below the first one only say that it leaps, and would flatten the rest. */
const shownRange = 2;

/** A rate in few digits. */
export function rateText(rate: number): string {
  return Number(rate.toPrecision(2)).toString();
}

/**
 * Draws what a range test found: the loss by the learning rate, on a logarithmic axis, and where it fell most steeply.
 *
 * @param found what `utils.findLearningRate` gave
 * @returns the text of an `.svg` file
 * @throws UsageError for what is none of that
 */
export function learningRateSvg(found: LearningRates): string {
  const given: unknown = found;
  const isFound =
    typeof given === "object" && given !== null && ["rates", "losses", "smoothed"].every((name) => isList(given, name));
  if (!isFound) refuse("learningRateSvg", "found", "what findLearningRate gives", given);
  const { rates, losses, smoothed, steepest, minimumTenth } = found;
  const [first = 1, lowest] = [smoothed[0], Math.min(...smoothed)];
  const top = first + shownRange * Math.max(first - lowest, 0.1 * Math.abs(first));
  const points = (values: readonly number[]): [number, number][] =>
    values.flatMap((value, step): [number, number][] => (value <= top ? [[rates[step] ?? 0, value]] : []));
  const names = [
    { name: "Loss of a batch", icon: "circle" },
    { name: "Smoothed", icon: lineIcon },
  ];
  const marks = [
    steepest === undefined ? undefined : { xAxis: steepest, name: `steepest ${rateText(steepest)}` },
    minimumTenth === undefined ? undefined : { xAxis: minimumTenth, name: `lowest / 10: ${rateText(minimumTenth)}` },
  ].filter((mark) => mark !== undefined);
  const axis = { nameLocation: "middle", nameTextStyle: axisText };
  const line = { lineStyle: { color: colours.faint, onZero: false } };
  return svgChart(
    {
      title: plotTitle("Loss by learning rate", 64),
      legend: { data: names, left: 64, top: 34, itemGap: 20, itemWidth: 18, itemHeight: 8, textStyle: axisText },
      grid: { left: 64, right: 28, top: 84, bottom: 52 },
      xAxis: {
        ...{ type: "log", name: "learning rate", nameGap: 28, ...axis, axisLine: { ...line, onZero: false } },
        ...{ min: rates[0], max: rates.at(-1), splitLine: { show: false } },
        axisLabel: { ...axisText, formatter: (value: number) => value.toExponential(0) },
      },
      yAxis: {
        ...{ type: "value", name: "loss", nameGap: 44, ...axis, scale: true, axisLabel: axisText },
        ...{ axisLine: { show: true, ...line }, splitLine: { lineStyle: { color: colours.grid } } },
      },
      series: [
        {
          ...{ type: "scatter", name: "Loss of a batch", silent: true, data: points(losses), symbolSize: 4 },
          itemStyle: { color: colours.blue, opacity: 0.5 },
          markLine: {
            ...{ silent: true, symbol: "none", data: marks, lineStyle: { color: colours.faint, type: "dashed" } },
            // One above the other: the two may be close together.
            label: { formatter: "{b}", color: colours.faint, fontSize: 11, position: "end", rotate: 0 },
          },
        },
        {
          ...{ type: "line", name: "Smoothed", silent: true, data: points(smoothed), showSymbol: false },
          ...{ lineStyle: { color: colours.red, width: 2 }, itemStyle: { color: colours.red } },
        },
      ],
    },
    size,
  );
}

function isList(given: object, name: string): boolean {
  const list: unknown = Reflect.get(given, name);
  return Array.isArray(list) && list.every((value) => typeof value === "number");
}
