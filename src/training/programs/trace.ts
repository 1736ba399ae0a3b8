import type { Shape } from "../../graph/shape.js";
import { shareEqualSubgraphs } from "../../graph/share.js";
import { input, type Value } from "../../graph/value.js";
import type { BaseModel } from "../../models/base-model.js";
import type { CallContext, Distribution } from "../../nn/context.js";
import type { Variable } from "../../nn/variable.js";

/** Random numbers that a step is fed with. */
export interface RandomInput {
  readonly value: Value;
  /** Name of the stream that they are drawn from. */
  readonly stream: string;
  readonly distribution: Distribution;
}

/** A model's computation, written down as a graph. */
export interface Trace {
  readonly outputs: readonly Value[];
  readonly randoms: readonly RandomInput[];
  /** New values of weights that no gradient changes, such as moving statistics. */
  readonly updates: ReadonlyMap<Variable, Value>;
  /** Scalars that are added to the loss. */
  readonly penalties: readonly Value[];
}

/** The computations of a model in training and in inference, on the same inputs and weights. */
export interface Traces {
  readonly inputs: readonly Value[];
  /** The graph's input for each weight. */
  readonly weights: ReadonlyMap<Variable, Value>;
  readonly training: Trace;
  readonly inference: Trace;
}

function trace(model: BaseModel, inputs: readonly Value[], weights: Map<Variable, Value>, training: boolean): Trace {
  const randoms: RandomInput[] = [];
  const updates = new Map<Variable, Value>();
  const penalties: Value[] = [];
  const context: CallContext = {
    training,
    weight(variable) {
      const renewed = updates.get(variable);
      if (renewed !== undefined) return renewed;
      // Numbered, because layers of different models may have the same name.
      const value =
        weights.get(variable) ?? input(`weight/${weights.size}/${variable.path}`, "float32", variable.shape);
      weights.set(variable, value);
      return value;
    },
    random(name, distribution, shape: Shape) {
      const stream = `${name}/${randoms.length}`;
      const value = input(`random/${stream}`, "float32", shape);
      randoms.push({ value, stream, distribution });
      return value;
    },
    update: (variable, value) => void updates.set(variable, value),
    addLoss: (penalty) => void penalties.push(penalty),
  };
  return { outputs: model.callNamed(inputs, context), randoms, updates, penalties };
}

/**
 * Writes down what a model computes, in training and in inference. What both compute alike is the same value in both:
 * that is how a frozen beginning is found to be one for training and evaluation.
 *
 * @param model a built model
 * @param inputs values to call it with; rank 4 is `[N, C, H, W]`
 */
export function traceModel(model: BaseModel, inputs: readonly Value[]): Traces {
  const weights = new Map<Variable, Value>();
  const training = trace(model, inputs, weights, true);
  const inference = trace(model, inputs, weights, false);
  const all = [training, inference].flatMap(({ outputs, updates, penalties }) => [
    ...outputs,
    ...updates.values(),
    ...penalties,
  ]);
  const shared = shareEqualSubgraphs(all);
  const share = ({ outputs, randoms, updates, penalties }: Trace): Trace => ({
    outputs: outputs.map(shared),
    randoms,
    updates: new Map([...updates].map(([variable, value]) => [variable, shared(value)])),
    penalties: penalties.map(shared),
  });
  return { inputs, weights, training: share(training), inference: share(inference) };
}
