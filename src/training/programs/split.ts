import type { Dim } from "../../graph/shape.js";
import { inputsOf } from "../../graph/graph.js";
import { rebuild } from "../../graph/rebuild.js";
import { staticDim } from "../../graph/shape.js";
import { constant, input, type Value } from "../../graph/value.js";
import type { BaseModel } from "../../models/base-model.js";
import type { Compiled } from "../../models/compile-types.js";
import { channelsFirst } from "../../nn/channels.js";
import type { Variable } from "../../nn/variable.js";
import type { TensorData } from "../../onnx/tensor-data.js";
import { freezeBoundary } from "./boundary.js";
import { type Trace, traceModel } from "./trace.js";
import { names } from "./names.js";

/** A weight that a step changes by its gradient, and the names under which the program knows it and its slots. */
export interface TrainedWeight {
  readonly variable: Variable;
  readonly name: string;
  readonly slots: readonly {
    readonly slot: string;
    readonly name: string;
    readonly shape: readonly number[];
    readonly initial: number;
  }[];
}

/** A weight that a step gives new values without a gradient. */
export interface UpdatedWeight {
  readonly variable: Variable;
  readonly name: string;
}

/** A value at the freeze boundary. */
export interface BoundaryValue {
  /** Name among the inputs of the programs behind the boundary. */
  readonly name: string;
  /** Shape of one sample's. */
  readonly dims: readonly number[];
  /** Numbers a sample. */
  readonly size: number;
}

/** A model's computation, split at the freeze boundary: what all its programs are written from. */
export interface ModelSplit {
  readonly modelName: string;
  /** The model's inputs. */
  readonly data: readonly Value[];
  readonly training: Trace;
  readonly inference: Trace;
  readonly trained: readonly TrainedWeight[];
  readonly updated: readonly UpdatedWeight[];
  readonly frozen: readonly { readonly variable: Variable; readonly data: TensorData }[];
  /** The graph's input for each weight. */
  readonly weights: ReadonlyMap<Variable, Value>;
  /** What crosses from the trunk to the other programs. */
  readonly boundary: readonly BoundaryValue[];
  /** The same as values of the traces. */
  readonly boundaryValues: readonly Value[];
  /** What stands for values of the traces behind the boundary: constants for frozen weights, inputs for what crosses. */
  readonly substitutes: ReadonlyMap<Value, Value>;
}

/**
 * Splits a model at its freeze boundary.
 *
 * @param model a built model
 * @param compiled what it was compiled with; `undefined` for prediction alone
 * @param fed what the model's inputs will be: the program is written for their sizes, and for any number of samples, whatever
 * the model says of both
 */
export function splitModel(model: BaseModel, compiled: Compiled | undefined, fed: readonly Value[]): ModelSplit {
  const data = model.inputs.map(({ shape, type }, index) => {
    const [, ...extents] = channelsFirst(shape);
    const given = fed[index]?.shape.slice(1) ?? [];
    const isOpen = (extent: Dim): boolean => model.takesOtherSizes() || typeof extent === "string";
    const sizes = extents.map((extent, axis) => (isOpen(extent) ? (given[axis] ?? extent) : extent));
    return input(`data/${index}`, type, ["N", ...sizes]);
  });
  const { weights, training, inference } = traceModel(model, data);
  const trainable = new Set(model.trainableWeights);
  const reached = reachedByLoss(training, compiled);
  const learned = [...weights].filter(
    ([variable, value]) => trainable.has(variable) && (reached === undefined || reached.has(value)),
  );
  const crossed = freezeBoundary([...training.outputs, ...training.updates.values(), ...training.penalties], data, [
    ...learned.map(([, value]) => value),
    ...training.randoms.map(({ value }) => value),
    // What a step assigns is another number in the next one.
    ...[...training.updates.keys()].flatMap((variable) => weights.get(variable) ?? []),
  ]);
  // A layer that computes something else in inference than in training may need what lies before the boundary.
  const needed = inputsOf([...inference.outputs, ...inference.penalties], new Set(crossed));
  const boundaryValues = [...crossed, ...data.filter((value) => needed.includes(value) && !crossed.includes(value))];
  const updated = [...training.updates.keys()].map((variable) => ({ variable, name: nameOf(variable, weights) }));
  const changing = new Set([...learned.map(([variable]) => variable), ...training.updates.keys()]);
  const frozen = [...weights.keys()]
    .filter((variable) => !changing.has(variable))
    .map((variable) => ({ variable, data: variable.value }));
  return {
    modelName: model.name,
    data,
    training,
    inference,
    trained: learned.map(([variable]) => trainedWeight(variable, nameOf(variable, weights), compiled)),
    updated,
    frozen,
    weights,
    boundary: boundaryValues.map(describe),
    boundaryValues,
    substitutes: new Map<Value, Value>([
      ...frozen.flatMap(({ variable, data: values }): [Value, Value][] => {
        const value = weights.get(variable);
        return value === undefined ? [] : [[value, constant(values)]];
      }),
      ...boundaryValues.map((value, index): [Value, Value] => {
        const { type, shape } = value;
        return [value, input(names.boundary(index), type, shape)];
      }),
    ]),
  };
}

/** Whether anything is computed before the freeze boundary. */
export function hasTrunk({ boundaryValues, data }: ModelSplit): boolean {
  return !boundaryValues.every((value) => data.includes(value));
}

/** Numbers of a sample at the boundary. */
export function boundaryWidth({ boundary }: ModelSplit): number {
  return boundary.reduce((sum, { size }) => sum + size, 0);
}

/** Weights that the evaluate and predict programs are fed with. */
export function fedWeights({ trained, updated }: ModelSplit): readonly UpdatedWeight[] {
  return [...trained, ...updated];
}

/** Values of a trace as values of boundary activations and weights. */
export function behindBoundary({ substitutes }: ModelSplit, values: readonly Value[]): Value[] {
  return values.map(rebuild(values, substitutes));
}

/**
 * Inputs that the loss depends on; `undefined` where there is no loss, as for prediction alone. Weights of an output without
 * a loss are among the trainable ones, but nothing says where they should go: as in Keras, they stay as they are.
 */
function reachedByLoss({ outputs, penalties }: Trace, compiled: Compiled | undefined): ReadonlySet<Value> | undefined {
  if (compiled === undefined) return undefined;
  const compared = compiled.losses.flatMap(({ output }) => outputs[output] ?? []);
  return new Set(inputsOf([...compared, ...penalties]));
}

function trainedWeight(variable: Variable, name: string, compiled: Compiled | undefined): TrainedWeight {
  const slots = Object.entries(compiled?.optimizer.slots ?? {}).map(([slot, initial]) => ({
    slot,
    name: names.slot(name, slot),
    shape: compiled?.optimizer.slotShape(slot, variable.shape) ?? variable.shape,
    initial,
  }));
  return { variable, name, slots };
}

function describe({ shape }: Value, index: number): BoundaryValue {
  const dims = shape.slice(1).map((_, axis) => staticDim(shape, axis + 1, "the freeze boundary"));
  return { name: names.boundary(index), dims, size: dims.reduce((product, extent) => product * extent, 1) };
}

function nameOf(variable: Variable, weights: ReadonlyMap<Variable, Value>): string {
  const value = weights.get(variable);
  if (value === undefined) return variable.path;
  return value.source.kind === "input" ? value.source.name : "";
}
