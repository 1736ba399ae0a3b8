import { FileError, UsageError } from "../../errors/errors.js";

function record(value: object): Record<string, unknown> {
  return value as Record<string, unknown>;
}

/**
 * Values that Python's JSON cannot hold, and that Keras wraps: tuples and arrays become lists.
 *
 * @param isCall whether they are arguments of calls, in which the element type of an array counts
 */
function unwrapped(value: unknown, isCall = false): unknown {
  if (Array.isArray(value)) return value.map((item) => unwrapped(item, isCall));
  if (typeof value !== "object" || value === null) return value;
  const { class_name: kind, items, config } = record(value);
  if (kind === "__tuple__" && Array.isArray(items)) return items.map((item) => unwrapped(item, isCall));
  if (!isCall && (kind === "__numpy__" || kind === "__tensor__") && typeof config === "object" && config !== null) {
    return unwrapped(record(config)["value"]);
  }
  // The first versions of Keras 2 wrote numbers of NumPy so.
  if (Object.keys(value).length === 2 && record(value)["type"] === "ndarray") return unwrapped(record(value)["value"]);
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, unwrapped(item, isCall || key === "inbound_nodes")]),
  );
}

/** Lists and objects that lie in each other at most: a model in ten others needs a hundred. */
const deepest = 500;

/** What reads the parts of a configuration calls itself for each that lies in another. */
function refuseDeep(text: string, file: string, what: string): void {
  let depth = 0;
  for (const [part] of text.matchAll(/"(?:[^"\\]|\\.)*"|[[{]|[\]}]/gs)) {
    if (part === "[" || part === "{") depth++;
    else if (part === "]" || part === "}") depth--;
    if (depth <= deepest) continue;
    throw new FileError(`${file} is too deep.`, {
      subject: file,
      expected: `up to ${String(deepest)} lists and objects in each other in ${what}`,
      received: "more",
      advice: "The file is damaged: save the model again.",
    });
  }
}

/**
 * Reads JSON as Keras writes it into files.
 *
 * @param what what the text is, for messages
 * @throws FileError when it is no JSON
 */
export function parseKerasJson(text: string, file: string, what: string): unknown {
  refuseDeep(text, file, what);
  try {
    return unwrapped(JSON.parse(text));
  } catch (cause) {
    throw new FileError(`${file} is damaged.`, {
      subject: file,
      expected: `JSON in ${what}`,
      received: cause instanceof Error ? cause.message : String(cause),
      advice: "Save the model again.",
      cause,
    });
  }
}

/** Options that Keras takes as floats only: JavaScript would write 1 where Python wants 1.0. */
const floats = new Set([
  ...["learning_rate", "initial_learning_rate", "end_learning_rate", "warmup_target", "weight_decay", "ema_momentum"],
  ...["clipnorm", "clipvalue", "global_clipnorm", "momentum", "rho", "epsilon", "beta", "beta_1", "beta_2", "alpha"],
  ...["decay_rate", "power", "threshold", "rate", "loss_weights"],
]);

/**
 * Writes JSON as Keras reads it.
 *
 * @param key the name of the option that the value belongs to
 */
export function kerasJson(value: unknown, key = ""): string {
  if (typeof value === "number" && floats.has(key) && Number.isSafeInteger(value)) return `${String(value)}.0`;
  if (Array.isArray(value)) return `[${value.map((item) => kerasJson(item, key)).join(", ")}]`;
  if (typeof value === "function") {
    throw new UsageError("A function cannot be saved.", {
      subject: value.name,
      expected: "what a file can name",
      received: `the function "${value.name}"`,
      advice: "Write a class with getConfig, and register it by saving.registerKerasSerializable.",
    });
  }
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return `{${entries.map(([name, item]) => `${JSON.stringify(name)}: ${kerasJson(item, name)}`).join(", ")}}`;
}
