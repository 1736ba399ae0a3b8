import { LineChart, ScatterChart } from "echarts/charts";
import {
  GridComponent,
  LegendComponent,
  MarkAreaComponent,
  MarkLineComponent,
  TitleComponent,
} from "echarts/components";
import { type EChartsCoreOption, init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
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

/** ECharts has one list of parts for the whole process, to which those for curves are added once. */
let registered = false;

/** At the first use rather than on import, so that importing this file has no effect. */
function register(): void {
  if (registered) return;
  use([LineChart, ScatterChart, GridComponent, LegendComponent, SVGRenderer]);
  use([MarkAreaComponent, MarkLineComponent, TitleComponent]);
  registered = true;
}

/**
 * Draws a chart on white. It stands alone: no scripts, and no fonts but the reader's.
 *
 * @param size in pixels
 * @returns the text of an `.svg` file
 * @see https://echarts.apache.org/handbook/en/how-to/cross-platform/server/
 */
export function svgChart(option: EChartsCoreOption, size: { readonly width: number; readonly height: number }): string {
  register();
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
