import { Graph, layout, type Place } from "@dagrejs/dagre";
import { checkOptionNames, refuse } from "../errors/check.js";
import { UsageError } from "../errors/errors.js";
import type { Shape } from "../graph/shape.js";
import { BaseModel } from "../models/base-model.js";
import { GraphModel } from "../models/graph-model.js";
import { platform } from "../models/platform.js";
import type { Layer } from "../nn/layer.js";
import { InputLayer } from "../nn/layers/index.js";
import type { SymbolicTensor } from "../nn/symbolic-tensor.js";
import { xmlText } from "./xml-text.js";

const directions = ["TB", "BT", "LR", "RL"] as const;

/** Options of {@link plotModel}, which are Keras's. */
export interface PlotModelOptions {
  /** Where to write the picture, ending in `.svg`; `null` for nowhere. Default `"model.svg"`. */
  readonly toFile?: string | null | undefined;
  /** Whether boxes say shapes of inputs and outputs; default `false`. */
  readonly showShapes?: boolean | undefined;
  /** Whether boxes say the type of outputs; default `false`. */
  readonly showDtype?: boolean | undefined;
  /** Whether boxes say names of layers beside their classes; default `false`. */
  readonly showLayerNames?: boolean | undefined;
  /** From where to where data goes: top, bottom, left, right; default `"TB"`. */
  readonly rankdir?: (typeof directions)[number] | undefined;
  /** Whether inner models are drawn with their layers; default `false`. */
  readonly expandNested?: boolean | undefined;
  /** Whether boxes say activations; default `false`. */
  readonly showLayerActivations?: boolean | undefined;
  /** Whether boxes say if a layer with weights is trainable; default `false`. */
  readonly showTrainable?: boolean | undefined;
}

/** One cell of a box. */
interface Cell {
  readonly text: string;
  readonly fill: string;
  readonly ink: string;
}

/** Rows of cells, from top to bottom. */
type Box = readonly (readonly Cell[])[];

const rowHeight = 26;
const characterWidth = 7.4;
const padding = 20;
const frame = "#222222";

const plain = (text: string): Cell => ({ text, fill: "#ffffff", ink: frame });

/**
 * Draws a model: a box a layer, an arrow a connection. The picture is an SVG, which browsers and editors show; nothing has to
 * be installed.
 *
 * @param model a model whose shapes are known
 * @returns the SVG's text
 * @throws UsageError when the model's input is not known yet, or an option is not usable
 * @throws FileError when the file cannot be written
 * @see https://keras.io/api/utils/model_plotting_utils/#plotmodel-function
 */
export async function plotModel(model: BaseModel, options: PlotModelOptions = {}): Promise<string> {
  check(model, options);
  const svg = drawing(model, options);
  const { toFile = "model.svg" } = options;
  if (toFile !== null) await platform().writeFile(toFile, new TextEncoder().encode(svg));
  return svg;
}

const optionNames = [
  "toFile",
  "showShapes",
  "showDtype",
  "showLayerNames",
  "rankdir",
  "expandNested",
  "showLayerActivations",
  "showTrainable",
] as const satisfies readonly (keyof PlotModelOptions)[];

function check(model: BaseModel, options: PlotModelOptions): void {
  // JavaScript lets anything through.
  if (!((model as unknown) instanceof BaseModel)) {
    throw new UsageError("plotModel draws models.", {
      subject: "model",
      expected: "a Model or a Sequential",
      received: typeof model,
    });
  }
  checkOptionNames("plotModel", options, optionNames);
  const { toFile, rankdir = "TB" } = options;
  // JavaScript lets anything through.
  const path: unknown = toFile;
  if (path !== undefined && path !== null && typeof path !== "string") refuse("plotModel", "toFile", "a path", path);
  if (!directions.includes(rankdir)) refuse("plotModel", "rankdir", `one of ${directions.join(", ")}`, rankdir);
  if (toFile !== undefined && toFile !== null && !toFile.endsWith(".svg")) {
    throw new UsageError("plotModel writes SVG.", {
      subject: "toFile",
      expected: "a path that ends in .svg",
      received: toFile,
      advice: "Browsers show SVG, and can print it.",
    });
  }
  if (!model.built) {
    throw new UsageError(`The model "${model.name}" cannot be drawn yet.`, {
      subject: model.name,
      expected: "a model whose input is known",
      received: "one that has not been built",
      advice: "Begin it with layers.Input({ shape }), or call predict or fit first.",
    });
  }
}

/** `(None, 4)`, as Python prints it. */
function pythonShape(shape: Shape): string {
  const extents = shape.map((extent) => (typeof extent === "number" ? String(extent) : "None"));
  return `(${extents.join(", ")}${extents.length === 1 ? "," : ""})`;
}

/** What is known of a layer; nothing where it has several inputs or outputs, or was never called. */
function known<T>(ask: () => T): T | undefined {
  try {
    return ask();
  } catch (error) {
    if (error instanceof UsageError) return undefined;
    throw error;
  }
}

function shapesOf(tensors: readonly SymbolicTensor[]): string {
  return tensors.length === 0 ? "?" : tensors.map(({ shape }) => pythonShape(shape)).join(", ");
}

function activationOf(layer: Layer): string | undefined {
  const { activation } = layer.getConfig() as { readonly activation?: unknown };
  if (typeof activation === "string") return activation;
  if (typeof activation !== "object" || activation === null) return undefined;
  return String((activation as { readonly class_name?: unknown }).class_name);
}

function boxOf(layer: Layer, options: PlotModelOptions): Box {
  const title = options.showLayerNames === true ? `${layer.name} (${layer.className})` : layer.className;
  const rows: (readonly Cell[])[] = [[{ text: title, fill: "#000000", ink: "#ffffff" }]];
  const activation = options.showLayerActivations === true ? activationOf(layer) : undefined;
  if (activation !== undefined) rows.push([plain(`Activation: ${activation}`)]);
  const cells: Cell[] = [];
  const called = known(() => layer.firstTensors);
  if (options.showShapes === true) {
    if (!(layer instanceof InputLayer)) cells.push(plain(`Input shape: ${shapesOf(called?.inputs ?? [])}`));
    cells.push(plain(`Output shape: ${shapesOf(called?.outputs ?? [])}`));
  }
  if (options.showDtype === true) {
    const types = called?.outputs.map(({ type }) => type) ?? [];
    cells.push(plain(`Output dtype: ${types.length === 0 ? "?" : types.join(", ")}`));
  }
  if (options.showTrainable === true && layer.weights.length > 0) {
    const [text, fill] = layer.trainable ? ["Trainable", "#228b22"] : ["Non-trainable", "#b22222"];
    cells.push({ text, fill, ink: "#ffffff" });
  }
  return cells.length === 0 ? rows : [...rows, cells];
}

const cellWidth = ({ text }: Cell): number => Math.ceil(text.length * characterWidth) + padding;
const rowWidth = (row: readonly Cell[]): number => row.reduce((sum, cell) => sum + cellWidth(cell), 0);

/** The layers that are drawn, what they belong to, and how they are connected. */
class Picture {
  readonly boxes = new Map<Layer, Box>();
  readonly graph = new Graph({ compound: true });
  private readonly ids = new Map<Layer, string>();

  constructor(private readonly options: PlotModelOptions) {
    this.graph.setGraph({ rankdir: options.rankdir ?? "TB", nodesep: 30, ranksep: 36, marginx: 16, marginy: 16 });
    this.graph.setDefaultEdgeLabel(() => ({}));
  }

  id(layer: Layer): string {
    const id = this.ids.get(layer) ?? `layer${this.ids.size}`;
    this.ids.set(layer, id);
    return id;
  }

  add(model: BaseModel, parent?: Layer): void {
    if (model instanceof GraphModel) {
      this.addBox(model, parent);
      return;
    }
    for (const layer of model.layers) {
      if (this.isExpanded(layer)) {
        this.graph.setNode(this.id(layer), { label: layer.name, width: 0, height: 0 });
        if (parent !== undefined) this.graph.setParent(this.id(layer), this.id(parent));
        this.add(layer, layer);
      } else {
        this.addBox(layer, parent);
      }
    }
    for (const [from, to] of model.edges()) this.graph.setEdge(this.id(this.exit(from)), this.id(this.entrance(to)));
  }

  private isExpanded(layer: Layer): layer is BaseModel {
    const isModel = layer instanceof BaseModel && !(layer instanceof GraphModel);
    return this.options.expandNested === true && isModel && layer.layers.length > 0;
  }

  private addBox(layer: Layer, parent: Layer | undefined): void {
    const box = boxOf(layer, this.options);
    this.boxes.set(layer, box);
    this.graph.setNode(this.id(layer), { width: Math.max(...box.map(rowWidth)), height: box.length * rowHeight });
    if (parent !== undefined) this.graph.setParent(this.id(layer), this.id(parent));
  }

  /** Where an arrow from a layer begins: inner models have no box of their own where they are expanded. */
  private exit(layer: Layer): Layer {
    if (!this.isExpanded(layer)) return layer;
    const last = layer.outputs[0]?.call?.().layer ?? layer.layers.at(-1);
    return last === undefined || last === layer ? layer : this.exit(last);
  }

  private entrance(layer: Layer): Layer {
    if (!this.isExpanded(layer)) return layer;
    const first = layer.layers[0];
    return first === undefined ? layer : this.entrance(first);
  }

  /** Inner models that are drawn as frames. */
  frames(): readonly { readonly layer: Layer; readonly id: string }[] {
    return [...this.ids].flatMap(([layer, id]) =>
      this.graph.hasNode(id) && this.graph.children(id).length > 0 ? [{ layer, id }] : [],
    );
  }
}

function drawBox(box: Box, { x = 0, y = 0, width = 0, height = 0 }: Place): string {
  const [left, top] = [x - width / 2, y - height / 2];
  const parts = box.flatMap((row, number) => {
    const stretch = width / rowWidth(row);
    let at = left;
    return row.map((cell) => {
      const wide = cellWidth(cell) * stretch;
      const begin = at;
      at += wide;
      const above = top + number * rowHeight;
      return (
        `<rect x="${round(begin)}" y="${round(above)}" width="${round(wide)}" height="${rowHeight}" fill="${cell.fill}" ` +
        `stroke="${frame}"/><text x="${round(begin + wide / 2)}" y="${round(above + 17)}" fill="${cell.ink}">` +
        `${xmlText(cell.text)}</text>`
      );
    });
  });
  return parts.join("");
}

const round = (value: number): number => Math.round(value * 10) / 10;

function drawing(model: BaseModel, options: PlotModelOptions): string {
  const picture = new Picture(options);
  picture.add(model);
  const { graph } = picture;
  layout(graph);
  const frames = picture.frames().map(({ layer, id }) => {
    const { x = 0, y = 0, width = 0, height = 0 } = graph.node(id);
    const [left, top] = [round(x - width / 2), round(y - height / 2)];
    return (
      `<rect x="${left}" y="${top}" width="${round(width)}" height="${round(height)}" fill="none" stroke="#777777" ` +
      `stroke-dasharray="5 4"/><text x="${left + 6}" y="${top + 15}" fill="#555555" text-anchor="start">${xmlText(layer.name)}</text>`
    );
  });
  const edges = graph.edges().map((edge) => {
    const { points = [] } = graph.edge(edge);
    const path = points.map(({ x, y }) => `${round(x)},${round(y)}`).join(" ");
    return `<polyline points="${path}" fill="none" stroke="${frame}" marker-end="url(#arrow)"/>`;
  });
  const boxes = [...picture.boxes].map(([layer, box]) => drawBox(box, graph.node(picture.id(layer))));
  const { width = 0, height = 0 } = graph.graph();
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${Math.ceil(width)}" height="${Math.ceil(height)}" ` +
      `viewBox="0 0 ${Math.ceil(width)} ${Math.ceil(height)}" font-family="Helvetica, Arial, sans-serif" font-size="13" ` +
      'text-anchor="middle">',
    `<title>${xmlText(model.name)}</title>`,
    '<defs><marker id="arrow" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" orient="auto">' +
      `<path d="M0,0 L10,5 L0,10 z" fill="${frame}"/></marker></defs>`,
    '<rect width="100%" height="100%" fill="#ffffff"/>',
    ...frames,
    ...edges,
    ...boxes,
    "</svg>",
    "",
  ].join("\n");
}
