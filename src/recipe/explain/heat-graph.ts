import { gradients } from "../../autodiff/gradients.js";
import { constant, type Value } from "../../graph/value.js";
import { float32, type TensorData } from "../../onnx/tensor-data.js";
import { relu } from "../../ops/activations.js";
import { scalarLike } from "../../ops/constants.js";
import { add, div, mul } from "../../ops/elementwise.js";
import { slice } from "../../ops/slicing.js";
import { matmul } from "../../ops/matmul.js";
import { reduceMean, reduceSum } from "../../ops/reduction.js";
import { reshapeTo } from "../../ops/reshape.js";
import { resize } from "../../ops/resampling.js";
import type { MapMethod } from "./methods.js";
import { type AttentionWeights, gridOfTokens, lastPlaces, type Places } from "./places.js";

/** How much each place speaks for the class by one map, from the map and its slope, both `[N, C, h, w]`; gives `[N, 1, h, w]`. */
const weighing: Readonly<Record<MapMethod, (map: Value, slope: Value) => Value>> = {
  // Σ_c (mean of the slope over all places)_c · map_c. Selvaraju et al. 2017.
  "grad-cam": (map, slope) => reduceSum(mul(reduceMean(slope, [2, 3]), map), [1]),
  // The same with places weighed by α = s² / (2 s² + Σ map · s³), of which only what speaks for the class counts. Chattopadhay et al. 2018.
  "grad-cam++": (map, slope) => {
    const squared = mul(slope, slope);
    const total = mul(mul(squared, slope), reduceSum(map, [2, 3]));
    const below = add(mul(squared, scalarLike(slope, 2)), total);
    // Where the slope is 0, so is what it weighs.
    const share = div(squared, add(below, scalarLike(slope, 1e-12)));
    return reduceSum(mul(reduceSum(mul(share, relu(slope)), [2, 3]), map), [1]);
  },
  // Σ_c slope_c · map_c, place by place. Draelos & Carin 2020.
  hirescam: (map, slope) => reduceSum(mul(slope, map), [1]),
};

/** With so many places a map is fine enough: 14 × 14 have more, 7 × 7 fewer. */
const fineMap = 100;

/**
 * The maps that a method looks at: the last ones. HiResCAM, which weighs each place by itself, sees more in those before them where the
 * last ones are coarse, of at least three times as many places (docs/design.md, "What speaks for a class").
 */
function placesFor(score: Value, method: MapMethod): readonly Places[] {
  const last = lastPlaces(score);
  const [first] = last;
  if (first === undefined || method !== "hirescam" || first.value.rank !== 4) return last;
  const places = first.rows * first.columns;
  const finer = places < fineMap ? lastPlaces(score, 3 * places) : [];
  return finer.length > 0 ? finer : last;
}

/**
 * How much each place speaks for a class by the last maps of a network, as a graph.
 *
 * @param score `[N]`: of the class that is asked about
 * @returns `[N, h, w]`, not below 0; `undefined` where the network has no maps of a known size
 */
export function mapHeat(score: Value, method: MapMethod): Value | undefined {
  const places = placesFor(score, method);
  const [first] = places;
  if (first === undefined) return undefined;
  const values = places.map(({ value }) => value);
  // What reaches the score through a later map is counted there.
  const slopes = gradients(reduceSum(score, [0], { keepdims: 0 }), values, { stopAt: new Set(values) });
  const heats = places.map((place, index) => {
    const heat = weighing[method](place.toMap(place.value), place.toMap(slopes[index] ?? place.value));
    return sameSize(heat, place, first);
  });
  const sum = heats.reduce(add);
  return reshapeTo(relu(sum), [sum.shape[0] ?? "N", first.rows, first.columns]);
}

function sameSize(heat: Value, { rows, columns }: Places, wanted: Places): Value {
  if (rows === wanted.rows && columns === wanted.columns) return heat;
  return resize(heat, wanted.rows, wanted.columns, { mode: "linear", antialias: 1 });
}

/**
 * How much of each place reaches what a transformer says, whatever it says: its attentions multiplied up, half of each token going
 * past each of them (Abnar & Zuidema 2020). The same for all classes.
 *
 * @param attentions from `attentionsOf`, at least one
 * @param score what is explained
 * @returns `[N, h, w]`; `undefined` where the tokens are no picture's places
 */
export function rolloutHeat(attentions: readonly AttentionWeights[], score: Value): Value | undefined {
  const [{ tokens } = { tokens: 0 }] = attentions;
  const grid = gridOfTokens(tokens, score);
  if (grid === undefined) return undefined;
  const half = constant(halfOfUnit(tokens));
  const layers = attentions.map(({ value }) => {
    const mean = reduceMean(value, [1], { keepdims: 0 });
    return add(mul(mean, scalarLike(mean, 0.5)), half);
  });
  const all = layers.reduce((before, layer) => matmul(layer, before));
  const { others, rows, columns } = grid;
  // The class's token is the first; without one all are averaged.
  const told = others > 0 ? slice(all, { starts: [0], ends: [1], axes: [1] }) : reduceMean(all, [1]);
  const placed = others > 0 ? slice(told, { starts: [others], ends: [tokens], axes: [2] }) : told;
  return reshapeTo(placed, [placed.shape[0] ?? "N", rows, columns]);
}

/** Half of the unit matrix. */
function halfOfUnit(size: number): TensorData {
  const data = new Float32Array(size * size);
  for (let place = 0; place < size; place++) data[place * (size + 1)] = 0.5;
  return float32(data, [size, size]);
}
