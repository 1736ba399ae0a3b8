import type { Shape } from "../graph/shape.js";
import type { Layer } from "../nn/layer.js";
import type { Variable } from "../nn/variable.js";
import type { BaseModel } from "./base-model.js";

const widths = [33, 24, 15] as const;

type Row = readonly [string, string, string];

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

function cells(row: Row, [left, middle, right]: readonly [string, string, string]): string[] {
  const wrapped = row.map((text, column) => wrap(text, (widths[column] ?? 0) - 2));
  const height = Math.max(...wrapped.map(({ length }) => length));
  return Array.from({ length: height }, (_, line) => {
    const texts = wrapped.map((lines, column) => {
      const text = lines[line] ?? "";
      const room = (widths[column] ?? 0) - 2;
      return ` ${column === 2 ? text.padStart(room) : text.padEnd(room)} `;
    });
    return left + texts.join(middle) + right;
  });
}

function rule(line: string, [left, middle, right]: readonly [string, string, string]): string {
  return left + widths.map((width) => line.repeat(width)).join(middle) + right;
}

function total(variables: readonly Variable[]): string {
  const count = variables.reduce((sum, { size }) => sum + size, 0);
  return `${thousands(count)} (${bytes(4 * count)})`;
}

/** Lines of the table that Keras 3 prints for a model. @see https://keras.io/api/models/model/#summary-method */
export function summarize(model: BaseModel): string[] {
  const shapes = model.layerShapes();
  const rows = model.layers.map((layer: Layer): Row => {
    const shape = shapes.get(layer);
    return [
      `${layer.name} (${layer.className})`,
      shape === undefined ? "?" : pythonShape(shape),
      thousands(layer.countParams()),
    ];
  });
  const heading: Row = ["Layer (type)", "Output Shape", "Param #"];
  const trainable = model.trainableWeights;
  return [
    `Model: "${model.name}"`,
    rule("━", ["┏", "┳", "┓"]),
    ...cells(heading, ["┃", "┃", "┃"]),
    rule("━", ["┡", "╇", "┩"]),
    ...rows.flatMap((row, index) => [
      ...(index === 0 ? [] : [rule("─", ["├", "┼", "┤"])]),
      ...cells(row, ["│", "│", "│"]),
    ]),
    rule("─", ["└", "┴", "┘"]),
    ` Total params: ${total(model.weights)}`,
    ` Trainable params: ${total(trainable)}`,
    ` Non-trainable params: ${total(model.nonTrainableWeights)}`,
  ];
}
