import type { Node } from "../../../graph/value.js";
import { extent, type LayerBuilder } from "../layer-builder.js";
import { attributesOf, inputOf, outputOf, type Rules } from "./rule.js";

/** Margins of lines of the picture itself. */
export interface LineMargins {
  /** Rows and columns of the picture. */
  readonly sides: readonly number[];
  readonly begins: readonly number[];
  readonly ends: readonly number[];
  /** Whether they repeat the first and the last line, or mirror those behind it. */
  readonly mode: "edge" | "reflect";
}

/** Puts them around what a layer gives. */
export function ofLines(layer: string, { sides, begins, ends, mode }: LineMargins, build: LayerBuilder): string {
  return [0, 1].reduce((inner, axis) => {
    const last = (sides[axis] ?? 1) - 1;
    const line = (from: number): string => {
      const cut = [from, last - from];
      return build.add("Cropping2D", [inner], { cropping: axis === 0 ? [cut, [0, 0]] : [[0, 0], cut] });
    };
    const [before = 0, behind = 0] = [begins[axis], ends[axis]];
    if (before + behind === 0) return inner;
    const many = (count: number, lineAt: (away: number) => number): string[] => {
      if (mode === "reflect") return Array.from({ length: count }, (_, index) => line(lineAt(index + 1)));
      return count === 0 ? [] : Array.from<string>({ length: count }).fill(line(lineAt(0)));
    };
    const first = many(before, (away) => away).reverse();
    const final = many(behind, (away) => last - away);
    return build.add("Concatenate", [...first, inner, ...final], { axis: axis + 1 });
  }, layer);
}

function padding(node: Node, build: LayerBuilder): void {
  const { mode = "constant" } = attributesOf<{ mode: string }>(node);
  const constantOf = (index: number): readonly number[] | undefined => {
    const source = node.inputs[index]?.source;
    return source?.kind === "constant" ? Array.from(source.data.data, Number) : undefined;
  };
  const value = inputOf(node);
  const placed = build.input(node);
  const given = constantOf(1);
  const [filling = 0] = constantOf(2) ?? [];
  const all = value.shape.map((_, axis) => axis);
  const axes = node.inputs[3] === undefined ? all : constantOf(3)?.map((axis) => (axis + value.rank) % value.rank);
  // Where its sides are.
  const [rows, columns] = placed.form === "channels-last" ? [2, 3] : [1, 2];
  const margin = (axis: number, isEnd: boolean): number => {
    const index = axes?.indexOf(axis) ?? -1;
    return index < 0 ? 0 : (given?.[index + (isEnd ? (axes?.length ?? 0) : 0)] ?? 0);
  };
  const isOfSides = all.every(
    (axis) => axis === rows || axis === columns || (margin(axis, false) === 0 && margin(axis, true) === 0),
  );
  const isKnown = given !== undefined && axes !== undefined && value.rank === 4 && placed.form !== "pooled";
  const isOfLines = mode === "edge" || mode === "reflect";
  if ((mode !== "constant" && !isOfLines) || (filling !== 0 && !isOfLines) || !isKnown || !isOfSides) {
    throw build.refusal(node, "margins of other things than zeros, or lines of the picture, at its sides");
  }
  const sides = [rows, columns].map((axis) => [margin(axis, false), margin(axis, true)]);
  const layer = build.ready(placed);
  if (isOfLines) {
    const [begins, ends] = [0, 1].map((end) => sides.map((margins) => margins[end] ?? 0));
    const extents = [rows, columns].map((axis) => extent(value.shape[axis]));
    if (begins === undefined || ends === undefined || sides.flat().some((size) => size < 0)) {
      throw build.refusal(node, "margins less than nothing");
    }
    build.place(outputOf(node), {
      layer: ofLines(layer, { sides: extents, begins, ends, mode }, build),
      form: placed.form,
    });
    return;
  }
  const grown = sides.map((margins) => margins.map((margin) => Math.max(0, margin)));
  const cut = sides.map((margins) => margins.map((margin) => Math.max(0, -margin)));
  const some = (margins: readonly (readonly number[])[]): boolean => margins.flat().some((margin) => margin > 0);
  const padded = some(grown) ? build.add("ZeroPadding2D", [layer], { padding: grown }) : layer;
  const cropped = some(cut) ? build.add("Cropping2D", [padded], { cropping: cut }) : padded;
  build.place(outputOf(node), { layer: cropped, form: placed.form });
}

/** The operator that puts something around a picture, or cuts some of it off. */
export const margins: Rules = { Pad: padding };
