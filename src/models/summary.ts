import { isWhole, refuse } from "../errors/check.js";
import { harmlessLine } from "../errors/harmless.js";
import type { Shape } from "../graph/shape.js";
import type { Layer } from "../nn/layer.js";
import type { Variable } from "../nn/variable.js";
import { greatest, least } from "../onnx/extremes.js";

/** How `model.summary` shows a model; Keras's options. */
export interface SummaryOptions {
  /** Width of the table in characters; default 76. */
  readonly lineLength?: number | undefined;
  /** Where columns end, as shares of the width; default `[0.45, 0.8, 1]`, with connections `[0.3, 0.56, 0.74, 1]`. */
  readonly positions?: readonly number[] | undefined;
  /** What to do with the text, of which there is one for all lines, as in Keras; default: show it. */
  readonly printFn?: ((text: string) => void) | undefined;
  /** Whether layers of inner models are shown, too; default `false`. */
  readonly expandNested?: boolean | undefined;
  /** Whether a column says which layers are trained; default `false`. */
  readonly showTrainable?: boolean | undefined;
  /** Names of the first and the last layer to show, or regular expressions of them; default all. */
  readonly layerRange?: readonly [first: string, last: string] | undefined;
}

/** One column of the table. */
interface Column {
  readonly heading: string;
  readonly width: number;
  readonly align?: "right" | "center" | undefined;
}

/** Columns, and what shares of the width they end at. */
const row: readonly (readonly [Omit<Column, "width">, end: number])[] = [
  [{ heading: "Layer (type)" }, 0.45],
  [{ heading: "Output Shape" }, 0.8],
  [{ heading: "Param #", align: "right" }, 1],
];

/** Where layers do not form one row, the table also says what they are connected to. */
const graph: typeof row = [
  [{ heading: "Layer (type)" }, 0.3],
  [{ heading: "Output Shape" }, 0.56],
  [{ heading: "Param #", align: "right" }, 0.74],
  [{ heading: "Connected to" }, 1],
];

/** The columns as Keras and its library of tables divide the width. */
function columnsOf(given: typeof row, { lineLength = 76, positions, showTrainable = false }: SummaryOptions): Column[] {
  const ends = given.map(([, end], index) => positions?.[index] ?? end);
  const all = [
    ...given.map(([column], index) => ({ ...column, end: (ends[index] ?? 1) * (showTrainable ? 0.9 : 1) })),
    ...(showTrainable ? [{ heading: "Trainable", align: "center" as const, end: 1 }] : []),
  ];
  // Borders and blanks around the texts have to fit, too: each column gives its share of them.
  let over = 3 * all.length + 1;
  return all.map(({ end, ...column }, index) => {
    const start = Math.floor((all[index - 1]?.end ?? 0) * lineLength);
    const share = roundHalfToEven(over / (all.length - index));
    over -= share;
    const width = Math.floor(end * lineLength) - start;
    if (!(width >= 4)) refuse("summary", "lineLength", "room for 4 characters in each column", lineLength);
    return { ...column, width: Math.max(width + 2 - share, 3) };
  });
}

/** As Python rounds. */
function roundHalfToEven(value: number): number {
  const down = Math.floor(value);
  return value - down === 0.5 ? down + (down % 2) : Math.round(value);
}

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
  const rest = text.trimStart();
  let line = "";
  const indent = text.length - rest.length;
  if (indent > 0) return wrap(rest, Math.max(width - indent, 1)).map((one) => " ".repeat(indent) + one);
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
  // Names may come from files of others: a name must not begin a line.
  const wrapped = columns.map(({ width }, column) => wrap(harmlessLine(texts[column] ?? ""), width - 2));
  const height = greatest(wrapped.map(({ length }) => length));
  return Array.from({ length: height }, (_, line) => {
    const padded = columns.map(({ width, align }, column) => {
      const text = wrapped[column]?.[line] ?? "";
      const before =
        align === "right" ? width - 2 : align === "center" ? text.length + ((width - 2 - text.length) >> 1) : 0;
      return ` ${text.padStart(before).padEnd(width - 2)} `;
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

/** What the table says of a layer. */
interface Row {
  readonly layer: Layer;
  /** How many models it is inside of. */
  readonly level: number;
  readonly shape: Shape | undefined;
}

/** The layers to show, those of inner models behind these. */
function rowsOf(layers: readonly Layer[], shapes: ReadonlyMap<Layer, Shape>, expands: boolean, level = 0): Row[] {
  return layers.flatMap((layer) => {
    const own: Row = { layer, level, shape: shapes.get(layer) };
    if (!expands || !isNested(layer)) return [own];
    const inner = layer.built ? layer.layerShapes() : new Map<Layer, Shape>();
    return [own, ...rowsOf(layer.layers, inner, expands, level + 1)];
  });
}

function isNested(
  layer: Layer,
): layer is Layer & Pick<Summarized, "layerShapes"> & { readonly layers: readonly Layer[] } {
  return "layerShapes" in layer && "layers" in layer;
}

/** The layers between two, which names or regular expressions say. */
function inRange(layers: readonly Layer[], range: SummaryOptions["layerRange"]): readonly Layer[] {
  const given: unknown = range;
  if (given === undefined) return layers;
  const isPair = (value: unknown): value is [string, string] =>
    Array.isArray(value) && value.length === 2 && value.every((one) => typeof one === "string");
  if (!isPair(given)) refuse("summary", "layerRange", "names of the first and the last layer", given);
  const [first, last] = given.map((name) => {
    const places = layers.flatMap((layer, index) => (matches(layer.name, name) ? [index] : []));
    if (places.length === 0) refuse("summary", "layerRange", "names of layers of the model", given);
    return places;
  });
  const [lower, upper] = [first ?? [], last ?? []];
  const isTurned = least(lower) > greatest(upper);
  const [from, to] = isTurned ? [upper, lower] : [lower, upper];
  return layers.slice(least(from), greatest(to) + 1);
}

/** Whether a name is, or begins as a regular expression says. */
function matches(name: string, pattern: string): boolean {
  if (name === pattern) return true;
  try {
    return new RegExp(`^(?:${pattern})`, "u").test(name);
  } catch {
    return refuse("summary", "layerRange", "a name, or a regular expression", pattern);
  }
}

function checkOptions(options: SummaryOptions): void {
  const { lineLength, positions, printFn } = options;
  const given: unknown = positions;
  if (lineLength !== undefined && !isWhole(lineLength, 1)) {
    refuse("summary", "lineLength", "a whole number of characters", lineLength);
  }
  if (given !== undefined && !(Array.isArray(given) && given.every((end) => typeof end === "number"))) {
    refuse("summary", "positions", "shares of the width, such as [0.45, 0.8, 1]", given);
  }
  if (printFn !== undefined && typeof (printFn as unknown) !== "function") {
    refuse("summary", "printFn", "a function that takes the text", printFn);
  }
}

function sourcesOf(connected: readonly string[] = []): string {
  return connected.length === 0 ? "-" : connected.join(", ");
}

/** Lines of the table that Keras 3 prints for a model. @see https://keras.io/api/models/model/#summary-method */
export function summarize(model: Summarized, options: SummaryOptions = {}): string[] {
  checkOptions(options);
  const shapes = model.built ? model.layerShapes() : new Map<Layer, Shape>();
  const connections = model.connections();
  const columns = columnsOf(connections === undefined ? row : graph, options);
  const shown = inRange(model.operations, options.layerRange);
  const rows = rowsOf(shown, shapes, options.expandNested === true).map(({ layer, level, shape }) => {
    const name = `${layer.name} (${layer.className})`;
    return [
      level === 0 ? name : `${"   ".repeat(level)}└ ${name}`,
      shape === undefined ? "?" : pythonShape(shape),
      shape === undefined && !layer.built ? "0 (unbuilt)" : thousands(layer.countParams()),
      ...(connections === undefined ? [] : [level === 0 ? sourcesOf(connections.get(layer)) : "-"]),
      ...(options.showTrainable === true ? [layer.weights.length === 0 ? "-" : layer.trainable ? "Y" : "N"] : []),
    ];
  });
  const headings = columns.map(({ heading }) => heading);
  const trainable = model.trainableWeights;
  return [
    `Model: "${harmlessLine(model.name)}"`,
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
