import type { Search, Trial } from "../recipe/search/search-types.js";
import { axisText, colours, lineIcon, plotTitle, svgChart } from "./svg-chart.js";

/** In pixels. */
const size = { width: 620, height: 400 };

/** Colours of the layers from which on the network was trained, in the order in which they were tried. */
const palette = [colours.blue, colours.red, colours.ink, colours.faint];

/** What was tried, as an SVG: loss by learning rate, one colour for what of the network learns, a ring around what was taken. */
export function tuningSvg({ trials, chosen }: Search): string {
  const measured = trials.filter(({ loss }) => loss !== null);
  const trained = measured.filter(({ settings }) => settings.unfreeze !== "none");
  const frozen = measured.find(({ settings }) => settings.unfreeze === "none");
  const kinds = [...new Set(trained.map(({ settings }) => settings.unfreeze))];
  const names = [
    ...kinds.map((kind) => ({ name: nameOf(kind), icon: "circle" })),
    ...(frozen === undefined ? [] : [{ name: nameOf("none"), icon: lineIcon }]),
  ];
  const rates = trained.map(({ settings }) => settings.learningRate);
  const [from, to] = rates.length === 0 ? [1e-4, 1e-2] : [Math.min(...rates) / 1.5, Math.max(...rates) * 1.5];
  const axis = { nameLocation: "middle", nameTextStyle: axisText };
  return svgChart(
    {
      title: plotTitle("Loss of trials on the validation photos", 64),
      legend: { data: names, left: 64, top: 34, itemGap: 20, itemWidth: 18, itemHeight: 8, textStyle: axisText },
      grid: { left: 64, right: 28, top: 78, bottom: 52 },
      xAxis: {
        ...{ type: "log", name: "learning rate", nameGap: 28, ...axis, min: from, max: to, splitLine: { show: false } },
        axisLabel: { ...axisText, formatter: (value: number) => value.toExponential(1) },
        axisLine: { lineStyle: { color: colours.faint }, onZero: false },
      },
      yAxis: {
        ...{ type: "value", name: "loss", nameGap: 44, ...axis, scale: true, axisLabel: axisText },
        axisLine: { show: true, lineStyle: { color: colours.faint } },
        splitLine: { lineStyle: { color: colours.grid } },
      },
      series: [
        ...kinds.map((kind, index) => dots(kind, palette[index % palette.length] ?? colours.ink, trained, chosen)),
        ...(frozen === undefined ? [] : [level(frozen.loss ?? 0, [from, to])]),
      ],
    },
    size,
  );
}

function nameOf(unfreeze: string): string {
  if (unfreeze === "none") return "the new classifier alone";
  return unfreeze === "all" ? "all of the network" : `from ${unfreeze} on`;
}

/** Trials that train the same part of the network, by their numbers. */
function dots(kind: string, colour: string, trials: readonly Trial[], chosen: Trial): object {
  return {
    ...{ type: "scatter", name: nameOf(kind), silent: true, symbolSize: 9, itemStyle: { color: colour } },
    label: { show: true, position: "right", fontSize: 11, color: colours.ink, formatter: "{b}" },
    data: trials.flatMap(({ trial, settings, loss }) => {
      if (settings.unfreeze !== kind) return [];
      const ring = trial === chosen.trial ? { borderColor: colours.ink, borderWidth: 2 } : {};
      return [{ name: String(trial), value: [settings.learningRate, loss], itemStyle: ring }];
    }),
  };
}

/** The frozen network has no learning rate. */
function level(loss: number, [from, to]: readonly [number, number]): object {
  return {
    ...{ type: "line", name: nameOf("none"), silent: true, showSymbol: false, itemStyle: { color: colours.faint } },
    lineStyle: { color: colours.faint, width: 1.5, type: "dashed" },
    data: [from, to].map((rate) => [rate, loss]),
  };
}
