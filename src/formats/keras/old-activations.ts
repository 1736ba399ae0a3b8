import { z } from "zod";
import type { Config } from "../../nn/config.js";
import type { Generation } from "./generation.js";

/** Names that had another meaning before Keras 3, and Graft's name of what they meant. */
const meanings: Readonly<Record<string, string>> = {
  hard_sigmoid: "old_hard_sigmoid",
  // TensorFlow's functions, as they call themselves, and a name of TensorFlow.js.
  softmax_v2: "softmax",
  softmax_v1: "softmax",
  swish_v1: "silu",
  gelu_new: "approximate_gelu",
};

/** Options of layers that are activation functions. */
const options = ["activation", "recurrent_activation"];

const functionSchema = z.looseObject({ config: z.string() });

/**
 * How Keras 3 can say a function that it has no name for: as a layer, or as one of its operations, in the place of the name.
 */
const written: Readonly<Record<string, Config>> = {
  old_hard_sigmoid: {
    module: "keras.layers",
    class_name: "Pipeline",
    config: {
      name: "old_hard_sigmoid",
      layers: [
        {
          module: "keras.layers",
          class_name: "Rescaling",
          config: { name: "old_hard_sigmoid_scale", scale: 0.2, offset: 0.5 },
          registered_name: null,
        },
        {
          module: "keras.layers",
          class_name: "ReLU",
          config: { name: "old_hard_sigmoid_bounds", max_value: 1 },
          registered_name: null,
        },
      ],
    },
    registered_name: null,
  },
  approximate_gelu: {
    module: "keras.src.ops.nn",
    class_name: "Gelu",
    config: { name: "approximate_gelu", approximate: true },
    registered_name: "Gelu",
  },
};

function nameOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  const called = functionSchema.safeParse(value);
  return called.success ? called.data.config : undefined;
}

/** Graft's name of an object that {@link writtenActivations} has written. */
function readWritten(value: unknown): string | undefined {
  const object = z
    .looseObject({ class_name: z.string(), config: z.looseObject({ name: z.string() }) })
    .safeParse(value);
  if (!object.success) return undefined;
  const { class_name: className, config } = object.data;
  return written[config.name]?.["class_name"] === className ? config.name : undefined;
}

/** A configuration with the names of functions that say here what the file means by them. */
export function readActivations(config: Config, generation: Generation): Config {
  const entries = Object.entries(config).map(([key, value]): [string, unknown] => {
    if (!options.includes(key) || value === null) return [key, value];
    const own = readWritten(value);
    if (own !== undefined) return [key, own];
    const name = generation < 3 ? nameOf(value) : undefined;
    return [key, (name === undefined ? undefined : meanings[name]) ?? value];
  });
  return Object.fromEntries(entries);
}

/** What goes into a file, with functions that Keras 3 has no name for in another form. */
export function writtenActivations(value: unknown, key = ""): unknown {
  if (typeof value === "string") return options.includes(key) ? (written[value] ?? value) : value;
  if (Array.isArray(value)) return value.map((item) => writtenActivations(item));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, writtenActivations(item, name)]));
}
