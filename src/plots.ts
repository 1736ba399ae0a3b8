/**
 * Pictures of trainings, as texts of `.svg` files.
 */
export { type CurvePlot, curvesSvg, type CurvesOptions, type HistoryLists, historyPlots } from "./report/curves.js";
export { learningRateSvg } from "./report/learning-rate-svg.js";
