import { checkpointText } from "./checkpoint-every.js";
import { preprocessModes, preprocessOf } from "../applications/preprocess.js";
import type { TrunkPrecision } from "../models/training-types.js";

/** What a value may be; faces make checks, parsers and forms of it. */
export type ValueKind =
  | { readonly kind: "whole"; readonly from: number; readonly to: number }
  | { readonly kind: "real"; readonly from: number; readonly to: number }
  /** Given or not. */
  | { readonly kind: "flag" }
  /** A length of time, in seconds; faces may take units. */
  | { readonly kind: "duration" }
  | { readonly kind: "choice"; readonly choices: readonly string[] }
  /** Not empty; `expected` says in words what it is. */
  | { readonly kind: "text"; readonly expected: string }
  /** A text with a check of its own. */
  | { readonly kind: "checked"; readonly check: (text: string) => string };

/** What a value of a kind is in TypeScript. */
type ValueOf<Kind> = Kind extends { readonly kind: "whole" | "real" | "duration" }
  ? number
  : Kind extends { readonly kind: "flag" }
    ? boolean
    : Kind extends { readonly choices: readonly (infer Choice)[] }
      ? Choice
      : Kind extends { readonly check: (text: string) => infer Checked }
        ? Checked
        : string;

/** An option of a job. */
export interface JobOption {
  /** As the command line shows it, such as `<number>`; a flag has none. */
  readonly placeholder?: string;
  /** One line. */
  readonly help: string;
  readonly value: ValueKind;
  /** Its value where none is given; an option without one leaves the choice to the recipe. */
  readonly default?: string | number;
  /** That choice in words, for tables where `help` does not say it. */
  readonly unlessGiven?: string;
  /** Who takes it: the loading of the network, the recipe, or the run itself. */
  readonly for: "network" | "recipe" | "run";
  /** Whether `run.json` keeps it, as it does unless told otherwise. */
  readonly recorded?: false;
}

/**
 * The options of `graft train`, said once: the command line, `run.json` and the table in docs/command.md are made of this, in this
 * order.
 */
export const trainOptions = {
  network: {
    placeholder: "<name|path>",
    help: "pretrained network: a name of `graft networks`, hf:owner/name of the hub, a file of ONNX, Keras or TensorFlow.js, or a run's folder",
    value: { kind: "text", expected: "a name, hf:owner/name, or the path of a file or a folder" },
    default: "mobilenetv2",
    for: "network",
  },
  weights: {
    placeholder: "<file>",
    help: "weights for a named network, instead of its own",
    value: { kind: "text", expected: "the path of a file" },
    for: "network",
    unlessGiven: "its own",
  },
  networkOutput: {
    placeholder: "<name>",
    help: "which output of a network in a file is cut off and replaced (default: the only one that fits)",
    value: { kind: "text", expected: "the name of an output" },
    for: "network",
  },
  preprocess: {
    placeholder: "<mode>",
    help:
      `what is done to pixels: ${preprocessModes.join(", ")}, or mean and deviation of pixels in [0, 1], such as ` +
      "0.5,0.5,0.5/0.25,0.25,0.25 (default: as the network was trained)",
    value: { kind: "checked", check: preprocessOf },
    for: "network",
  },
  out: {
    placeholder: "<folder>",
    help: "where the run goes (default: runs/<DIR>-<date>-<time>)",
    value: { kind: "text", expected: "the path of a folder" },
    for: "run",
    recorded: false,
  },
  resume: {
    placeholder: "<run>",
    help: "go on with a run that was stopped, from its last checkpoint; its options are those that it was begun with",
    value: { kind: "text", expected: "the folder of a run" },
    for: "run",
    recorded: false,
    unlessGiven: "a new run",
  },
  from: {
    placeholder: "<run>",
    help: "repeat a run, with its options, photos and split, and say whether it gives the same bytes",
    value: { kind: "text", expected: "the folder of a run, or its run.json" },
    for: "run",
    recorded: false,
    unlessGiven: "a new run",
  },
  checkpointEvery: {
    placeholder: "<epochs|duration>",
    help: "how often a training is saved, such as 5 (epochs) or 10m (default: each epoch, and when two minutes have passed)",
    value: { kind: "checked", check: checkpointText },
    for: "run",
    recorded: false,
  },
  epochs: {
    placeholder: "<number>",
    help: "epochs in which the network's last stage is trained (default: 6)",
    value: { kind: "whole", from: 1, to: 10_000 },
    for: "recipe",
  },
  time: {
    placeholder: "<duration>",
    help: "how long it may take, such as 90s, 5m or 1h: with more time it trains more (default: what it needs)",
    value: { kind: "duration" },
    for: "recipe",
  },
  batchSize: {
    placeholder: "<number>",
    help: "photos a step while the last stage is trained (default: 32, fewer for small folders)",
    value: { kind: "whole", from: 1, to: 1024 },
    for: "recipe",
  },
  learningRate: {
    placeholder: "<number>",
    help: "greatest step size while the last stage is trained (default: 0.0003)",
    value: { kind: "real", from: 0, to: 10 },
    for: "recipe",
  },
  imageSize: {
    placeholder: "<pixels>",
    help: "side of the square that photos are resized to (default: the network's)",
    value: { kind: "whole", from: 32, to: 1024 },
    for: "network",
  },
  unfreeze: {
    placeholder: "<layer|none|all>",
    help: "from which layer on the network is trained after the new classifier (default: its last stage)",
    value: { kind: "text", expected: 'the name of a layer, "none" or "all"' },
    for: "recipe",
  },
  classWeights: {
    placeholder: "<none|balanced|file>",
    help:
      "how much photos count by their class: all alike (none), each class alike (balanced), or by a JSON file with a number " +
      "for each class (default: balanced where classes differ by more than 1.5 times)",
    value: { kind: "text", expected: "none, balanced, or the path of a JSON file" },
    for: "run",
  },
  trunkPrecision: {
    placeholder: "<type>",
    help: "how frozen layers are computed while training: float32, or int8, which is faster (default: float32)",
    value: { kind: "choice", choices: ["float32", "int8"] satisfies TrunkPrecision[] },
    for: "recipe",
  },
  learningCurve: {
    help: "measure how many photos more would help, and draw it (default: no)",
    value: { kind: "flag" },
    for: "recipe",
  },
  seed: {
    placeholder: "<number>",
    help: "the same seed gives the same run",
    value: { kind: "whole", from: 0, to: Number.MAX_SAFE_INTEGER },
    default: 0,
    for: "recipe",
  },
  device: {
    placeholder: "<name>",
    help: "where the network runs: cpu, cuda, dml, webgpu, coreml, or auto for the best that works",
    value: { kind: "text", expected: "a device's name" },
    default: "cpu",
    for: "run",
  },
} as const satisfies Readonly<Record<string, JobOption>>;

type Options = typeof trainOptions;

/** Names of those options that have a value in any case. */
type Given = {
  [Name in keyof Options]: Options[Name] extends { readonly default: unknown } ? Name : never;
}[keyof Options];

/** What was asked of `graft train`; what is absent is left to the recipe. */
export type TrainSettings = { readonly [Name in Given]: ValueOf<Options[Name]["value"]> } & {
  readonly [Name in Exclude<keyof Options, Given>]?: ValueOf<Options[Name]["value"]>;
};

/** Names of the options that one part takes. */
type NamesFor<Part extends JobOption["for"]> = {
  [Name in keyof Options]: Options[Name]["for"] extends Part ? Name : never;
}[keyof Options];

/** The settings that one part takes, without those that are absent. */
export function settingsFor<Part extends JobOption["for"]>(
  part: Part,
  settings: TrainSettings,
): Pick<TrainSettings, NamesFor<Part>> {
  const entries = Object.entries(settings).filter(([name]) => optionNamed(name)?.for === part);
  return Object.fromEntries(entries) as Pick<TrainSettings, NamesFor<Part>>;
}

function optionNamed(name: string): JobOption | undefined {
  return Object.entries<JobOption>(trainOptions).find(([known]) => known === name)?.[1];
}

/** `batchSize` → `batch_size`, as files write it. */
function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** What {@link recordedSettings} has made of settings, with the names of options again; what was left to the recipe is absent. */
export function settingsRecorded(
  configuration: Readonly<Record<string, string | number | boolean | null>>,
): Record<string, string | number | boolean> {
  const entries = Object.entries(configuration).flatMap(([name, value]): [string, string | number | boolean][] =>
    value === null ? [] : [[name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()), value]],
  );
  return Object.fromEntries(entries);
}

/** The settings as `run.json` keeps them; `null` left the choice to the recipe. */
export function recordedSettings(settings: TrainSettings): Record<string, string | number | boolean | null> {
  const values: Readonly<Record<string, string | number | boolean>> = { ...settings };
  return Object.fromEntries(
    Object.entries<JobOption>(trainOptions)
      .filter(([, { recorded }]) => recorded !== false)
      .map(([name]) => [snakeCase(name), values[name] ?? null]),
  );
}
