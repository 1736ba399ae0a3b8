import { GraftError, UsageError } from "../../errors/errors.js";
import { version } from "../../errors/version.js";
import { serialize } from "../../graph/serialize.js";
import type { Dim, Shape } from "../../graph/shape.js";
import { input, type Value } from "../../graph/value.js";
import type { BaseModel } from "../../models/base-model.js";
import { toChannelsFirst, toChannelsLast } from "../../nn/channels.js";
import type { OnnxModel } from "../../onnx/model.js";
import { writeModel } from "../../onnx/write-model.js";
import { prepare } from "../../passes/prepare.js";
import { sameMargins } from "../../passes/same-margins.js";
import { inferenceGraph } from "../../training/programs/inference-graph.js";
import { sameForAll } from "./same-for-all.js";

/** `input` for the only one, `input_0`, `input_1`, … for several. */
function numbered(name: string, count: number): (index: number) => string {
  return (index) => (count === 1 ? name : `${name}_${index}`);
}

/**
 * A model's inference as an ONNX file. Inputs are called `input` (`input_0`, … when there are several), outputs `output`;
 * shapes are Keras's, `[N, height, width, channels]`, float32, and nothing is done to pixels that the model itself does
 * not do. Sizes that the model leaves open are open in the file, too.
 *
 * @returns the file's bytes
 * @throws UsageError when inputs have open sizes on which numbers in the file would depend
 */
export function exportModel(model: BaseModel): Uint8Array {
  return writeModel(
    model.inputs.some(({ shape }) => isOpen(shape)) ? openFile(model) : fileFor(model, shapesOf(model)),
  );
}

function shapesOf(model: BaseModel): readonly Shape[] {
  return model.inputs.map(({ shape }) => shape);
}

function isOpen(shape: Shape): boolean {
  return shape.slice(1).some((extent) => typeof extent === "string");
}

/**
 * @param shapes of the inputs, in Keras's order
 * @param anySize whether the file is to compute the same for other sizes; as it is, or with margins that follow from the size
 */
function fileFor(model: BaseModel, shapes: readonly Shape[], anySize?: "as it is" | "same margins"): OnnxModel {
  const inputName = numbered("input", model.inputs.length);
  const outputName = numbered("output", model.outputs.length);
  const inputs = model.inputs.map(({ type }, index): Value => input(inputName(index), type, shapes[index] ?? []));
  const { outputs, names } = inferenceGraph(model, inputs.map(toChannelsFirst));
  const named = outputs.map((value, index) => [outputName(index), toChannelsLast(value)] as const);
  const margins = anySize === "same margins" ? sameMargins(named.map(([, value]) => value)) : undefined;
  const outlets = named.map(([name, value]) => [name, margins?.(value) ?? value] as const);
  const prepared = prepare(Object.fromEntries(outlets), anySize !== undefined);
  return serialize(prepared, { name: model.name, inputs, names, metadata: { version } });
}

/**
 * Heights and widths for which files are compared: those that networks halve often, and such that are soon odd, where margins
 * and what is cut off differ.
 */
const sizes = [
  [384, 576],
  [576, 384],
  [96, 160],
  [224, 352],
  [333, 417],
] as const;

/** The file with open sizes: graphs are written for known ones, so it is what they all have in common. */
function openFile(model: BaseModel): OnnxModel {
  const refused: GraftError[] = [];
  const files = sizes.flatMap((size) => {
    const known = (dim: Dim, axis: number): Dim =>
      axis > 0 && typeof dim === "string" ? (size[(axis + 1) % 2] ?? size[0]) : dim;
    const shapes = shapesOf(model).map((shape) => shape.map(known));
    try {
      return [(["as it is", "same margins"] as const).map((way) => fileFor(model, shapes, way))];
    } catch (error) {
      // Networks that join what they made smaller take some sizes only.
      if (!(error instanceof GraftError)) throw error;
      refused.push(error);
      return [];
    }
  });
  const file = files.length < 2 ? undefined : commonFile(files);
  if (file === undefined) throw dependsOnSize(model, refused[0]);
  const open = (infos: OnnxModel["inputs"], tensors: BaseModel["inputs"]): OnnxModel["inputs"] =>
    infos.map((info, index) => ({ ...info, shape: tensors[index]?.shape }));
  return { ...file, inputs: open(file.inputs, model.inputs), outputs: open(file.outputs, model.outputs) };
}

/**
 * What files of several sizes have in common: each node as it is where that is the same for all of them, or else with margins
 * that follow from the size.
 *
 * @param files for each size the file as it is, and the one with such margins
 * @returns `undefined` where they have something else that differs
 */
function commonFile(files: readonly (readonly OnnxModel[])[]): OnnxModel | undefined {
  const [plain, same] = [0, 1].map((way) => files.flatMap((both) => both.slice(way, way + 1)));
  const [first] = plain ?? [];
  if (first === undefined || plain === undefined || same === undefined) return undefined;
  const nodes = first.nodes.flatMap((_, place) => {
    const alike = [plain, same].find((ways) =>
      sameForAll(ways.map((file) => ({ ...file, nodes: file.nodes.slice(place, place + 1), constants: new Map() }))),
    );
    return alike?.[0]?.nodes.slice(place, place + 1) ?? [];
  });
  const isWhole = nodes.length === first.nodes.length && plain.every((file) => file.nodes.length === nodes.length);
  return isWhole && sameForAll(plain.map((file) => ({ ...file, nodes: [] }))) ? { ...first, nodes } : undefined;
}

function dependsOnSize(model: BaseModel, cause: GraftError | undefined): UsageError {
  const shape = shapesOf(model).find(isOpen) ?? [];
  return new UsageError(`The model "${model.name}" cannot be exported with open sizes.`, {
    subject: model.name,
    expected: "inputs of a fixed size, since what the file computes depends on it",
    received: `an input of shape (${shape.map((extent) => (typeof extent === "number" ? extent : "None")).join(", ")})`,
    advice:
      "Export it behind an input of the size that is wanted: const inputs = layers.Input({ shape: [224, 224, 3] }); " +
      "new models.Model({ inputs, outputs: model.apply(inputs) }).",
    cause,
  });
}
