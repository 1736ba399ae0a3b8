import { heightOf } from "../recipe/extrapolation.js";
import type { ExtrapolatedPoint, LearningCurve } from "../recipe/learning-curve.js";
import { axisText, colours, lineIcon, plotTitle, svgChart } from "./svg-chart.js";

/** Width of a plot, and height of the picture, in pixels. */
const size = { width: 520, height: 360 };

/** Points that a line is drawn through. */
const linePoints = 60;

/** One figure against photos. */
interface Plot {
  readonly title: string;
  readonly axis: string;
  readonly share: boolean;
  readonly measured: readonly (readonly [photos: number, value: number])[];
  /** The curve at a number of photos. */
  readonly at: (photos: number) => number;
  readonly doubled: ExtrapolatedPoint["accuracy"];
}

/** Accuracy and loss against photos as an SVG: what was measured, and with its interval what twice as many would give. */
export function learningCurveSvg({ points, now, doubled, curves }: LearningCurve): string {
  const plots: readonly Plot[] = [
    {
      ...{ title: "Accuracy by photos", axis: "accuracy", share: true },
      measured: points.map(({ photos, accuracy }) => [photos, accuracy]),
      at: (photos) => 1 - heightOf(curves.error, photos),
      doubled: doubled.accuracy,
    },
    {
      ...{ title: "Loss by photos", axis: "loss", share: false },
      measured: points.map(({ photos, loss }) => [photos, loss]),
      at: (photos) => heightOf(curves.loss, photos),
      doubled: doubled.loss,
    },
  ];
  const left = (index: number): number => index * size.width + 64;
  const least = points[0]?.photos ?? 1;
  const names = [
    { name: "Measured", icon: "circle" },
    { name: "Expected", icon: lineIcon },
  ];
  return svgChart(
    {
      title: plots.map(({ title }, index) => plotTitle(title, left(index))),
      legend: plots.map((_, index) => ({
        ...{ data: names, left: left(index), top: 34, itemGap: 20, itemWidth: 18, itemHeight: 8, textStyle: axisText },
      })),
      grid: plots.map((_, index) => ({ left: left(index), width: size.width - 92, top: 78, bottom: 52 })),
      xAxis: plots.map((_, index) => photosAxis(index, doubled.photos)),
      yAxis: plots.map((plot, index) => figureAxis(index, plot)),
      series: plots.flatMap((plot, index) => series(plot, index, { least, now: now.photos, most: doubled.photos })),
    },
    { width: size.width * plots.length, height: size.height },
  );
}

function photosAxis(gridIndex: number, most: number): object {
  return {
    ...{ gridIndex, type: "value", name: "photos", nameLocation: "middle", nameGap: 28, nameTextStyle: axisText },
    ...{
      min: 0,
      max: Math.ceil(most * 1.05),
      axisLabel: { ...axisText, showMaxLabel: false },
      splitLine: { show: false },
    },
    axisLine: { lineStyle: { color: colours.faint }, onZero: false },
  };
}

function figureAxis(gridIndex: number, { axis, share }: Plot): object {
  const percent = (value: number): string => `${Number((100 * value).toFixed(1))} %`;
  return {
    ...{ gridIndex, type: "value", name: axis, nameLocation: "middle", nameGap: 44, nameTextStyle: axisText },
    ...{ scale: share, min: share ? undefined : 0, max: share ? 1 : undefined },
    axisLabel: share ? { ...axisText, formatter: percent } : axisText,
    axisLine: { show: true, lineStyle: { color: colours.faint } },
    splitLine: { lineStyle: { color: colours.grid } },
  };
}

/** Points, the curve through them, dashed beyond the photos that there are, and the interval at its end. */
function series(
  { measured, at, doubled }: Plot,
  index: number,
  { least, now, most }: { readonly least: number; readonly now: number; readonly most: number },
): object[] {
  const place = { xAxisIndex: index, yAxisIndex: index, silent: true };
  const { blue, red, faint } = colours;
  const through = (from: number, to: number): [number, number][] =>
    Array.from({ length: linePoints + 1 }, (_, step) => {
      const photos = from + ((to - from) * step) / linePoints;
      return [photos, at(photos)];
    });
  const curve = (data: [number, number][], type: string): object => ({
    ...{ type: "line", name: "Expected", ...place, data, showSymbol: false },
    ...{ lineStyle: { color: red, width: 2, type }, itemStyle: { color: red } },
  });
  const { low, high } = doubled;
  const interval: [number, number][] = [
    [most, low],
    [most, high],
  ];
  return [
    {
      ...{ type: "scatter", name: "Measured", ...place, data: measured, symbolSize: 7, itemStyle: { color: blue } },
      markLine: {
        ...{
          silent: true,
          symbol: "none",
          data: [{ xAxis: now }],
          lineStyle: { color: faint, type: "solid", width: 1 },
        },
        label: { formatter: `all ${now} photos`, color: faint, fontSize: 11, position: "end" },
      },
    },
    curve(through(least, now), "solid"),
    curve(through(now, most), "dashed"),
    {
      ...{ type: "line", ...place, data: interval, symbol: "rect", symbolSize: [12, 1.5], showSymbol: true },
      ...{ lineStyle: { color: red, width: 1.5 }, itemStyle: { color: red } },
    },
  ];
}
