import type { EChartsCoreOption } from "echarts/core";
// All of ECharts as one file: the parts that curves need are 585 files, which take half a second to load.
import { init } from "echarts/dist/echarts.esm.min";
import { harmless } from "../errors/harmless.js";

/** Colours of all pictures. */
export const colours = {
  ink: "#222222",
  faint: "#8a8a8a",
  grid: "#e4e4e4",
  blue: "#1f6fb4",
  red: "#d1495b",
} as const;

/** The words at axes and in legends. */
export const axisText = { color: colours.ink, fontSize: 12 };

/** What stands for a line in a legend. */
export const lineIcon = "path://M0 4h18v2H0z";

/**
 * Draws a chart on white. It stands alone: no scripts, and no fonts but the reader's.
 *
 * @param size in pixels
 * @returns the text of an `.svg` file
 * @see https://echarts.apache.org/handbook/en/how-to/cross-platform/server/
 */
export function svgChart(option: EChartsCoreOption, size: { readonly width: number; readonly height: number }): string {
  const chart = init(null, null, { renderer: "svg", ssr: true, ...size });
  try {
    const look = { backgroundColor: "#ffffff", textStyle: { fontFamily: "sans-serif", color: colours.ink } };
    chart.setOption({ animation: false, ...look, ...option });
    // ECharts writes entities for what XML reads as its own, and leaves in what XML does not allow at all.
    return `${harmless(chart.renderToSVGString()).replace(/[\ufffe\uffff]|\p{Surrogate}/gu, "\ufffd")}\n`;
  } finally {
    chart.dispose();
  }
}

/** A title over a plot. */
export function plotTitle(text: string, left: number): object {
  return { text, left, top: 10, textStyle: { fontSize: 15, fontWeight: "bold", color: colours.ink } };
}
