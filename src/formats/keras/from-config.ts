import { z } from "zod";
import { FileError, GraftError, UsageError } from "../../errors/errors.js";
import { inPositions } from "../../nn/positions.js";
import { Layer } from "../../nn/layer.js";
import { type CustomObject, findCustom, getRegisteredName, makeCustom } from "../../nn/saving/custom-objects.js";
import { deserializeLayer, layerNames, policyOf } from "../../nn/layers/deserialize-layer.js";
import { InputLayer } from "../../nn/layers/index.js";
import { Operation } from "../../nn/operations/operation.js";
import type { CallOptions, MaskName, SymbolicTensor } from "../../nn/symbolic-tensor.js";
import { BaseModel } from "../../models/base-model.js";
import { isReference, readCall, readOperationCall, type Call, type Reference } from "./deserialize-call.js";
import { moduleOfOperation, operandsOf, operationLayer } from "./deserialize-operation.js";
import { checkKept, without } from "./deserialize-check.js";
import type { Generation } from "./generation.js";
import type { LayerConfig } from "./keras1-layer.js";
import { modernLayer } from "./modern-layer.js";
import { isOldOperation, readOldOperation } from "./old-operations.js";
import { Model } from "../../models/model.js";
import { Sequential } from "../../models/sequential.js";

/** What Keras 3, and Keras 2 without `module`, write for a layer or a model. */
const serializedSchema = z.looseObject({
  class_name: z.string(),
  config: z.union([z.record(z.string(), z.unknown()), z.array(z.unknown())]),
  module: z.string().nullish(),
  registered_name: z.string().nullish(),
  build_config: z.unknown().optional(),
  shared_object_id: z.number().nullish(),
});

type Serialized = z.infer<typeof serializedSchema>;

const functionalSchema = z.looseObject({
  name: z.string(),
  trainable: z.boolean().nullish(),
  layers: z.array(z.looseObject({ name: z.string(), inbound_nodes: z.array(z.unknown()).default([]) })),
  input_layers: z.unknown(),
  output_layers: z.unknown(),
});

const shapeSchema = z.array(z.number().nullable()).min(1);

const sequentialSchema = z.looseObject({
  name: z.string().optional(),
  layers: z.array(z.unknown()),
  build_input_shape: shapeSchema.nullish().catch(undefined),
});

/** A layer of a functional model while its calls are being made. */
interface Entry {
  readonly layer: Layer;
  readonly className: string;
  /** Outputs of each call that has been made; an entrance's are there from the beginning. */
  readonly outputs: (readonly SymbolicTensor[])[];
  readonly waiting: Call[];
  /** Number of calls in all. */
  readonly calls: number;
}

/** What files of a kind need besides. */
export interface ReadingOptions {
  /** Where to say what is computed otherwise than in the framework of the file; default: nowhere. */
  readonly warn?: ((line: string) => void) | undefined;
  /** A layer that the file's framework computes otherwise than Keras, or its configuration as Keras means it. */
  readonly special?: ((layer: LayerConfig) => Layer | LayerConfig | undefined) | undefined;
}

/**
 * Makes a model of Keras's configuration; its weights are not loaded yet.
 *
 * Keras 3's objects (`module`, `class_name`, `config`, `build_config`) and calls (`args` with `__keras_tensor__`) are read,
 * and Keras 1's and 2's (`batch_input_shape`, lists as `inbound_nodes`).
 *
 * @param serialized what `config.json` of a `.keras` file, or `model_config` of an `.h5` file holds
 * @param file the file's name, for messages
 * @param generation the Keras that wrote it: functions of the same name differ
 * @throws FileError when this is no configuration of a model
 * @throws UsageError for a layer or an option that Graft does not have; it names both
 * @see https://keras.io/api/models/model_saving_apis/
 */
export function modelFromConfig(
  serialized: unknown,
  file: string,
  generation: Generation,
  { warn = () => undefined, special = () => undefined }: ReadingOptions = {},
): BaseModel {
  const reader = new ConfigReader(file, generation, special);
  const model = reader.layer(serialized, "the model");
  for (const policy of reader.mixedPolicies) {
    warn(`${file} was made for the policy ${policy}; Graft computes in float32, so predictions differ in late digits.`);
  }
  if (model instanceof BaseModel) return model;
  throw new FileError(`${file} holds a layer instead of a model.`, {
    subject: file,
    expected: "a Sequential or functional model",
    received: model.className,
  });
}

/** Layers whose `call` Keras 3 gives the default `training=False`, which it writes down for each call of them. */
const savedWithTheirDefault: ReadonlySet<string> = new Set([
  "AlphaDropout",
  "Dropout",
  "GaussianDropout",
  "GaussianNoise",
  "SpatialDropout2D",
]);

/**
 * Whether the mode of a call is only the default of its layer in Keras 3, where training stands above it: a `Dropout` that was
 * called without a mode drops in training, though its file says `training: false`.
 */
function isDefaultMode(className: string, { isOld, training }: Call): boolean {
  return training === false && !isOld && savedWithTheirDefault.has(className);
}

class ConfigReader {
  /** Objects that a file holds in several places, by Keras's number for them. */
  private readonly shared = new Map<number, Layer>();
  /** Policies of layers that compute in fewer digits where the file comes from. */
  readonly mixedPolicies = new Set<string>();

  constructor(
    private readonly file: string,
    private readonly generation: Generation,
    private readonly special: NonNullable<ReadingOptions["special"]>,
  ) {}

  /** Makes a layer or a model. */
  layer(data: unknown, place: string): Layer {
    const serialized = this.parse(serializedSchema, data, place);
    const { shared_object_id: id } = serialized;
    const known = typeof id === "number" ? this.shared.get(id) : undefined;
    if (known !== undefined) return known;
    const made = this.make(serialized, place);
    if (typeof id === "number") this.shared.set(id, made);
    return made;
  }

  private make(serialized: Serialized, place: string): Layer {
    const { class_name: className, module, config, registered_name: registered } = serialized;
    if (className === "Functional" || className === "Model") return this.functional(config, place);
    if (className === "Sequential") return this.sequential(serialized, place);
    const name = !Array.isArray(config) && typeof config["name"] === "string" ? ` "${config["name"]}"` : "";
    const subject = `The layer${name} (${className}) in ${this.file}`;
    const own =
      layerNames().includes(className) && !registered?.includes(">") ? undefined : findCustom([registered, className]);
    if (own !== undefined && !Array.isArray(config)) return this.explained(subject, () => customLayer(own, config));
    // Keras's functions have names of layers: keras.ops.add is an "Add" too.
    if (typeof registered === "string" && (module === null || module === "__main__" || registered.includes(">"))) {
      throw new UsageError(`${subject} is of a class that is not known here.`, {
        subject: className,
        expected: "layers of keras.layers, or classes that are registered",
        received: registered,
        advice: `Register the class, saving.registerKerasSerializable({ … })(${className}), or give it: loadModel(path, { customObjects: { ${className} } }).`,
      });
    }
    if (typeof module === "string" && (!/^(tf_)?keras\b/.test(module) || /\.ops(\.|$)/.test(module))) {
      throw new UsageError(`${subject} is none of Keras's layers.`, {
        subject: className,
        expected: "layers of keras.layers",
        received: `${module}.${className}`,
        advice: "Replace it by one of Keras's layers, or export the model as ONNX and load that.",
      });
    }
    if (Array.isArray(config)) throw this.malformed(place, "a configuration by names", "a list");
    return this.explained(subject, () => {
      const special = this.special({ className, config });
      if (special instanceof Layer) return special;
      const read = modernLayer(special ?? { className, config }, this.generation, typeof module === "string");
      const layer = deserializeLayer({ class_name: read.className, config: read.config });
      checkKept(read.config, layer.getConfig());
      const policy = policyOf(read.config);
      if (typeof policy === "string" && policy.startsWith("mixed_")) this.mixedPolicies.add(policy);
      return layer;
    });
  }

  private functional(config: unknown, place: string): Model {
    const { name, trainable, layers, input_layers, output_layers } = this.parse(functionalSchema, config, place);
    const entries = new Map<string, Entry>();
    for (const data of layers) {
      const subject = `The layer "${data.name}" in ${this.file}`;
      const serialized = this.parse(serializedSchema, data, `the layer "${data.name}"`);
      const { class_name: kind, config: own } = serialized;
      const { layer, calls: waiting } = this.explained(subject, () => {
        if (isOldOperation(kind)) return readOldOperation(own, data.name, data.inbound_nodes);
        const module = moduleOfOperation(serialized, this.generation);
        if (module === undefined) {
          const calls = data.inbound_nodes.map(readCall);
          return { layer: this.layer(data, `the layer "${data.name}"`), calls };
        }
        const calls = data.inbound_nodes.map(readOperationCall);
        const options = Array.isArray(own) ? {} : own;
        return { layer: operationLayer({ module, className: kind, name: data.name, config: options }, calls), calls };
      });
      entries.set(data.name, {
        layer,
        className: layer.className,
        outputs: layer instanceof InputLayer ? [[layer.output]] : [],
        waiting: [...waiting],
        calls: waiting.length,
      });
    }
    const inputs = references(input_layers);
    const outputs = references(output_layers);
    const calls = [...entries.values()].flatMap(({ waiting }) => waiting);
    const offsets = firstCalls(entries, calls, outputs);
    this.makeCalls(entries, offsets);
    const tensor = (reference: Reference): SymbolicTensor => {
      const found = find(entries, reference, offsets.outputs.get(reference.layer) ?? 0);
      if (found !== undefined) return found;
      throw this.malformed(`the model "${name}"`, "inputs and outputs that layers make", describe(reference));
    };
    return this.explained(
      `The model "${name}" in ${this.file}`,
      () =>
        new Model({
          inputs: inputs.map(tensor),
          outputs: outputs.map(tensor),
          name,
          ...(trainable === false ? { trainable } : {}),
        }),
    );
  }

  /** Makes all calls, each once what it needs is there: layers that are used twice can stand in a file in any order. */
  private makeCalls(entries: ReadonlyMap<string, Entry>, offsets: FirstCalls): void {
    let progress = true;
    while (progress) {
      progress = false;
      for (const [name, { layer, waiting, outputs }] of entries) {
        for (let call = waiting[0]; call !== undefined; call = waiting[0]) {
          const { inputs: from, told } = call;
          const training = isDefaultMode(layer.className, call) ? undefined : call.training;
          const inputs = from.flatMap(
            (reference) => find(entries, reference, offsets.calls.get(reference.layer) ?? 0) ?? [],
          );
          if (inputs.length < from.length) break;
          if (layer instanceof Operation) {
            const one = call;
            const connect = (): readonly SymbolicTensor[] => layer.connectArguments(inputs, operandsOf(layer, one));
            outputs.push(this.explained(`The layer "${name}" in ${this.file}`, connect));
            waiting.shift();
            progress = true;
            continue;
          }
          const { masks = [], positions, ...flags } = told;
          const own = inputs.slice(0, inputs.length - masks.length);
          const mask = (wanted: MaskName): SymbolicTensor | undefined => inputs[own.length + masks.indexOf(wanted)];
          const options: CallOptions = {
            ...flags,
            ...(training === false ? { training } : {}),
            ...(masks.includes("attention_mask") ? { attentionMask: mask("attention_mask") } : {}),
            ...(masks.includes("mask") ? { mask: mask("mask") } : {}),
          };
          const [first = [], ...others] = inPositions(own, layer.hasOwnCall ? positions : undefined);
          const connected = (): readonly SymbolicTensor[] => layer.applyAll(first, ...others, options);
          outputs.push(this.explained(`The layer "${name}" in ${this.file}`, connected));
          waiting.shift();
          progress = true;
        }
      }
    }
    const [stuck] = [...entries].filter(([, { waiting }]) => waiting.length > 0);
    if (stuck === undefined) return;
    const [name, { waiting }] = stuck;
    const missing = waiting[0]?.inputs.find((reference) => {
      return find(entries, reference, offsets.calls.get(reference.layer) ?? 0) === undefined;
    });
    throw this.malformed(
      `the layer "${name}"`,
      "calls on tensors that other layers make",
      missing === undefined ? "a loop" : describe(missing),
    );
  }

  private sequential({ config, build_config: build }: Serialized, place: string): Sequential {
    // Keras 1 wrote the list of layers alone.
    const data = Array.isArray(config) ? { layers: config } : config;
    const parsed = this.parse(sequentialSchema, data, place);
    const model = new Sequential([], parsed.name === undefined ? {} : { name: parsed.name });
    for (const item of parsed.layers) {
      const shape = model.layers.length === 0 && !model.built ? oldInputShape(item) : undefined;
      const layer = this.layer(item, `a layer of "${model.name}"`);
      this.explained(`The model "${model.name}" in ${this.file}`, () => {
        if (shape !== undefined && !(layer instanceof InputLayer)) {
          model.add(new InputLayer({ batchShape: shape, name: `${layer.name}_input` }));
        }
        model.add(layer);
      });
    }
    const built = z.looseObject({ input_shape: shapeSchema }).safeParse(build);
    const shape = parsed.build_input_shape ?? (built.success ? built.data.input_shape : undefined);
    if (!model.built && shape !== undefined) {
      this.explained(`The model "${model.name}" in ${this.file}`, () => {
        model.ensureBuilt([new InputLayer({ batchShape: shape }).output.shape]);
      });
    }
    // Keras takes no notice of the flag of a Sequential in a file: those of its layers are there too.
    return model;
  }

  private parse<T>(schema: z.ZodType<T>, data: unknown, place: string): T {
    const result = schema.safeParse(data);
    if (result.success) return result.data;
    const [issue] = result.error.issues;
    throw this.malformed(
      place,
      "a configuration as Keras writes it",
      issue === undefined ? typeof data : `${issue.path.join(".") || "it"}: ${issue.message}`,
    );
  }

  private malformed(place: string, expected: string, received: string): FileError {
    return new FileError(`${this.file} has an unusable configuration of ${place}.`, {
      subject: this.file,
      expected,
      received,
      advice: "Save the model again in Keras.",
    });
  }

  /** Puts what is being read in front of what goes wrong. */
  private explained<T>(subject: string, make: () => T): T {
    try {
      return make();
    } catch (cause) {
      if (!(cause instanceof GraftError) || cause instanceof FileError || cause.message.includes(this.file))
        throw cause;
      throw new UsageError(`${subject} cannot be made here: ${cause.message}`, { subject: cause.subject, cause });
    }
  }
}

/**
 * A layer of a class of a user's own.
 *
 * @throws UsageError when the class makes something else of its configuration
 */
function customLayer(own: CustomObject, config: Readonly<Record<string, unknown>>): Layer {
  const layer = makeCustom(own, config);
  if (!(layer instanceof Layer)) {
    throw new UsageError("The registered class makes no layer.", {
      subject: getRegisteredName(own),
      expected: "a class that extends layers.Layer",
      received: typeof layer,
    });
  }
  const given = without(config, "dtype", "trainable");
  const made = layer.getConfig();
  const lost = Object.keys(given).find(
    (key) => JSON.stringify(made[key] ?? null) !== JSON.stringify(given[key] ?? null),
  );
  if (lost !== undefined) {
    throw new UsageError(`The class does not make of its configuration what was saved: "${lost}" is another.`, {
      subject: getRegisteredName(own),
      expected: JSON.stringify(given[lost]),
      received: JSON.stringify(made[lost]),
      advice:
        "The constructor is given getConfig's entries in camelCase as one object of options; say those that it takes by position in a static list `positional`, or write a static fromConfig(config).",
    });
  }
  if (config["trainable"] === false) layer.trainable = false;
  return layer;
}

/** The input shape that Keras 2 wrote into the first layer of a Sequential. */
function oldInputShape(item: unknown): (number | null)[] | undefined {
  const schema = z.looseObject({ config: z.looseObject({ batch_input_shape: shapeSchema }) });
  const result = schema.safeParse(item);
  return result.success ? result.data.config.batch_input_shape : undefined;
}

/** All references in the structure that says a model's inputs or outputs, in Keras's order: dictionaries by their keys. */
function references(structure: unknown): Reference[] {
  if (isReference(structure)) return [{ layer: structure[0], call: structure[1], output: structure[2] }];
  if (Array.isArray(structure)) return structure.flatMap(references);
  if (typeof structure !== "object" || structure === null) return [];
  return Object.entries(structure)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, value]) => references(value));
}

/** Which number the first call of each model inside the model has in a file, where it is not 0. */
interface FirstCalls {
  readonly calls: ReadonlyMap<string, number>;
  readonly outputs: ReadonlyMap<string, number>;
}

/**
 * A functional model has a call of its own when it is made, which Keras 2 counts everywhere and Keras 3 only where a model's
 * outputs are said.
 */
function firstCalls(
  entries: ReadonlyMap<string, Entry>,
  calls: readonly Call[],
  outputs: readonly Reference[],
): FirstCalls {
  const first: FirstCalls & { readonly calls: Map<string, number>; readonly outputs: Map<string, number> } = {
    calls: new Map<string, number>(),
    outputs: new Map<string, number>(),
  };
  for (const [name, { layer, className, calls: count }] of entries) {
    if (!(layer instanceof BaseModel)) continue;
    const to = (list: readonly Reference[]): Reference[] => list.filter(({ layer: target }) => target === name);
    const old = to(calls.filter(({ isOld }) => isOld).flatMap(({ inputs }) => inputs));
    const fromOutputs = to(outputs);
    const counted = (list: readonly Reference[]): boolean => list.some(({ call }) => call >= count);
    const isOld = calls.some((call) => call.isOld);
    if (isOld) {
      if (!counted([...old, ...fromOutputs])) continue;
      first.calls.set(name, 1);
      first.outputs.set(name, 1);
    } else if (className === "Functional" && fromOutputs.every(({ call }) => call > 0)) {
      first.outputs.set(name, 1);
    }
  }
  return first;
}

function find(
  entries: ReadonlyMap<string, Entry>,
  { layer, call, output }: Reference,
  offset: number,
): SymbolicTensor | undefined {
  return entries.get(layer)?.outputs[call - offset]?.[output];
}

function describe({ layer, call, output }: Reference): string {
  return `output ${output} of call ${call} of "${layer}"`;
}
