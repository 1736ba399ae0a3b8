import { show, type Word } from "../../errors/check.js";
import { UsageError } from "../../errors/errors.js";
import { didYouMean } from "../../errors/nearest.js";
import type { Value } from "../../graph/value.js";
import { isSerializedObject, type SerializedObject } from "../config.js";
import { Layer } from "../layer.js";
import { snakeCase, type SnakeCase } from "../names.js";
import { approximateGelu } from "./approximate-gelu.js";
import { ownContext } from "../own-context.js";
import { writeOwn } from "../own-call.js";
import { findCustom, getRegisteredName, isRegistered } from "../saving/custom-objects.js";
import { serializeObject } from "../serialize-object.js";
import type { SymbolicTensor } from "../symbolic-tensor.js";
import * as catalogue from "./catalogue.js";
import { oldHardSigmoid } from "./old-hard-sigmoid.js";

/** A function that acts on the values between layers; rank 4 is `[N, C, H, W]` there. */
export type Activation = (x: Value) => Value;

/** Other names, and the function that each stands for. */
const aliases = { swish: catalogue.silu, hard_swish: catalogue.hardSilu } as const;

/** Functions that older files hold and Keras 3 has no name for. */
const ofOldFiles = { oldHardSigmoid, approximateGelu };

/** Keras's string names of activation functions. */
export type ActivationName = SnakeCase<keyof typeof catalogue> | keyof typeof aliases;

/** The functions by name; the first name of one is that which files have. */
const table: ReadonlyMap<string, Activation> = new Map<string, Activation>([
  ...Object.entries({ ...catalogue, ...ofOldFiles }).map(
    ([name, activation]) => [snakeCase(name), activation] as const,
  ),
  ...Object.entries(aliases),
]);

/** An activation function of a user's own, written with functions of `ops`. */
export type OwnActivation = (x: SymbolicTensor) => SymbolicTensor;

/** An activation function, its name in Keras, a layer without weights, or what Keras wrote into a file. */
export type ActivationLike = OwnActivation | Activation | Word<ActivationName> | Layer | SerializedObject;

/** An activation function of a user's own. */
function ownActivation(own: OwnActivation): NamedActivation {
  const name = isRegistered(own) ? getRegisteredName(own) : own.name;
  const owner = `The activation function "${name}"`;
  return {
    name,
    config: name,
    apply: (x) => {
      const [y, ...others] = writeOwn(owner, "it", [x], ownContext(), ([tensor]) => tensor && own(tensor));
      if (y !== undefined && others.length === 0) return y;
      throw new UsageError(`${owner} gives ${others.length + 1} tensors.`, {
        subject: name,
        expected: "one tensor",
        received: `a list of ${others.length + 1}`,
      });
    },
  };
}

/**
 * A layer as an activation function: `activation: new layers.LeakyReLU(0.1)`.
 *
 * @throws UsageError for a layer that has weights
 */
function layerActivation(layer: Layer): NamedActivation {
  if ("createWeights" in layer || layer.weights.length > 0) {
    throw new UsageError(`The layer "${layer.name}" (${layer.className}) is no activation function.`, {
      subject: "activation",
      expected: "a function, its name, or a layer without weights, such as LeakyReLU",
      received: layer.className,
      advice: "Call it behind the other layer: x = new layers.PReLU().apply(x).",
    });
  }
  return {
    name: layer.name,
    config: serializeObject("keras.layers", layer),
    apply: (x) => {
      const [y = x] = layer.callNamed([x], ownContext());
      return y;
    },
  };
}

/** An activation function and its name in Keras. */
export interface NamedActivation {
  readonly name: string;
  /** What files say of it: its name, or the layer that it is. */
  readonly config: string | SerializedObject;
  readonly apply: Activation;
}

/**
 * The activation function that an option stands for.
 *
 * @param like default: `linear`, which `null` is too
 * @throws UsageError when there is none of that name
 * @see https://keras.io/api/layers/activations/
 */
export function resolveActivation(like?: ActivationLike | null): NamedActivation {
  if (like === undefined || like === null) return resolveActivation("linear");
  if (typeof like === "function") {
    const known = [...table].find(([, activation]) => activation === like);
    if (known !== undefined) return { name: known[0], config: known[0], apply: known[1] };
    const { activationName } = like as { readonly activationName?: string };
    if (activationName !== undefined) return resolveActivation(activationName);
    return ownActivation(like as OwnActivation);
  }
  if (like instanceof Layer) return layerActivation(like);
  // JavaScript lets anything through.
  const anything: unknown = like;
  if (typeof anything !== "string" && !isSerializedObject(anything)) {
    throw new UsageError("This is no activation function.", {
      subject: "activation",
      expected: "a function, or Keras's name of one",
      received: show(anything),
    });
  }
  // Keras writes a function as an object whose configuration is the name.
  const name: string = isSerializedObject(like) ? JSON.stringify(like.config).replaceAll('"', "") : like;
  const known = table.get(name);
  const own = known === undefined ? findCustom([name]) : undefined;
  if (own !== undefined) return ownActivation(own as OwnActivation);
  if (known === undefined) {
    throw new UsageError(`There is no activation function "${name}".`, {
      subject: "activation",
      expected: "the name of a Keras activation function",
      received: `"${name}"`,
      advice:
        didYouMean(name, [...table.keys()]) ??
        `A function of your own has to be registered: saving.registerKerasSerializable()(${name}).`,
    });
  }
  // Keras writes the names behind the aliases: swish becomes silu.
  return resolveActivation(known);
}
