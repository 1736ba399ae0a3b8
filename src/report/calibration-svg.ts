import type { CalibrationBin } from "./calibration.js";
import { axisText, colours, svgChart } from "./svg-chart.js";

const { blue, faint, grid } = colours;

/** Sides of a point in pixels, for the share of the photos that it stands for. */
function pointSize(share: number): number {
  return 6 + 22 * Math.sqrt(share);
}

function axis(name: string): object {
  return {
    ...{ type: "value", min: 0, max: 1, name, nameLocation: "middle", nameTextStyle: axisText },
    axisLabel: { ...axisText, formatter: (value: number) => `${Math.round(100 * value)} %` },
    ...{ splitLine: { lineStyle: { color: grid } }, axisLine: { show: true, lineStyle: { color: faint } } },
  };
}

/**
 * Draws what share of predictions is right against how probable they were said to be; on the diagonal, probabilities are what they say.
 *
 * @param bins those without photos are left out; larger points stand for more photos
 * @returns the text of an `.svg` file
 */
export function calibrationSvg(
  bins: readonly CalibrationBin[],
  size: { readonly width: number; readonly height: number },
): string {
  const all = bins.reduce((sum, { photos }) => sum + photos, 0);
  const points = bins
    .filter(({ photos }) => photos > 0)
    .map(({ photos, probability, right }) => ({ value: [probability, right], symbolSize: pointSize(photos / all) }));
  const diagonal = {
    ...{ type: "line", silent: true, showSymbol: false, itemStyle: { color: faint } },
    ...{
      data: [
        [0, 0],
        [1, 1],
      ],
      lineStyle: { color: faint, width: 1, type: "dashed" },
    },
  };
  return svgChart(
    {
      grid: { left: 64, right: 20, top: 16, bottom: 48 },
      xAxis: { ...axis("probability that was said"), nameGap: 30 },
      yAxis: { ...axis("share that is right"), nameGap: 46 },
      series: [
        diagonal,
        {
          ...{ type: "line", data: points.map(({ value }) => value), showSymbol: false, silent: true },
          ...{ lineStyle: { color: blue, width: 1 }, itemStyle: { color: blue } },
        },
        { type: "scatter", data: points, itemStyle: { color: blue, opacity: 0.8 } },
      ],
    },
    size,
  );
}
