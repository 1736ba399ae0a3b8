import type { Shape } from "../graph/shape.js";
import type { Layer } from "../nn/layer.js";
import type { Variable } from "../nn/variable.js";

/** One column of the table. */
interface Column {
  readonly heading: string;
  readonly width: number;
  readonly right?: boolean;
}

const row: readonly Column[] = [
  { heading: "Layer (type)", width: 33 },
  { heading: "Output Shape", width: 24 },
  { heading: "Param #", width: 15, right: true },
];

/** Where layers do not form one row, the table also says what they are connected to. */
const graph: readonly Column[] = [
  { heading: "Layer (type)", width: 21 },
  { heading: "Output Shape", width: 19 },
  { heading: "Param #", width: 12, right: true },
  { heading: "Connected to", width: 19 },
];

/** `(None, 150, 150, 3)`: a shape as Python prints it. */
function pythonShape(shape: Shape): string {
  const dims = shape.map((dim) => (typeof dim === "number" ? String(dim) : "None"));
  return `(${dims.join(", ")}${dims.length === 1 ? "," : ""})`;
}

/** `1234567` → `1,234,567`. */
function thousands(count: number): string {
  return count.toLocaleString("en-US");
}

function bytes(count: number): string {
  let size = count;
  for (const unit of ["B", "KB", "MB", "GB", "TB"]) {
    if (size < 1024) return `${size.toFixed(2)} ${unit}`;
    size /= 1024;
  }
  return `${size.toFixed(2)} PB`;
}

/** Breaks a text into pieces of at most `width` characters at its spaces; a longer word loses its end. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (longer.length <= width) {
      line = longer;
      continue;
    }
    if (line !== "") lines.push(line);
    line = word.length <= width ? word : `${word.slice(0, width - 1)}…`;
  }
  return [...lines, line];
}

type Corners = readonly [left: string, middle: string, right: string];

function cells(columns: readonly Column[], texts: readonly string[], [left, middle, right]: Corners): string[] {
  const wrapped = columns.map(({ width }, column) => wrap(texts[column] ?? "", width - 2));
  const height = Math.max(...wrapped.map(({ length }) => length));
  return Array.from({ length: height }, (_, line) => {
    const padded = columns.map(({ width, right: toRight = false }, column) => {
      const text = wrapped[column]?.[line] ?? "";
      return ` ${toRight ? text.padStart(width - 2) : text.padEnd(width - 2)} `;
    });
    return left + padded.join(middle) + right;
  });
}

function rule(columns: readonly Column[], line: string, [left, middle, right]: Corners): string {
  return left + columns.map(({ width }) => line.repeat(width)).join(middle) + right;
}

function total(variables: readonly Variable[]): string {
  const count = variables.reduce((sum, { size }) => sum + size, 0);
  return `${thousands(count)} (${bytes(4 * count)})`;
}

/** What a summary says of a model. */
interface Summarized {
  readonly name: string;
  readonly built: boolean;
  readonly operations: readonly Layer[];
  readonly weights: readonly Variable[];
  readonly trainableWeights: readonly Variable[];
  readonly nonTrainableWeights: readonly Variable[];
  layerShapes(): ReadonlyMap<Layer, Shape>;
  connections(): ReadonlyMap<Layer, readonly string[]> | undefined;
}

/** Lines of the table that Keras 3 prints for a model. @see https://keras.io/api/models/model/#summary-method */
export function summarize(model: Summarized): string[] {
  const shapes = model.built ? model.layerShapes() : new Map<Layer, Shape>();
  const connections = model.connections();
  const columns = connections === undefined ? row : graph;
  const rows = model.operations.map((layer) => {
    const shape = shapes.get(layer);
    return [
      `${layer.name} (${layer.className})`,
      shape === undefined ? "?" : pythonShape(shape),
      shape === undefined && !layer.built ? "0 (unbuilt)" : thousands(layer.countParams()),
      connections?.get(layer)?.join(", ") ?? "-",
    ];
  });
  const headings = columns.map(({ heading }) => heading);
  const trainable = model.trainableWeights;
  return [
    `Model: "${model.name}"`,
    rule(columns, "━", ["┏", "┳", "┓"]),
    ...cells(columns, headings, ["┃", "┃", "┃"]),
    rule(columns, "━", ["┡", "╇", "┩"]),
    ...rows.flatMap((texts, index) => [
      ...(index === 0 ? [] : [rule(columns, "─", ["├", "┼", "┤"])]),
      ...cells(columns, texts, ["│", "│", "│"]),
    ]),
    rule(columns, "─", ["└", "┴", "┘"]),
    ` Total params: ${total(model.weights)}`,
    ` Trainable params: ${total(trainable)}`,
    ` Non-trainable params: ${total(model.nonTrainableWeights)}`,
  ];
}
