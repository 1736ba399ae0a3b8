import { checkOptionNames, isPlainObject, isWhole, refuse, refuseOption, show } from "../errors/check.js";
import type { LoadWeightsOptions } from "./assign-weights.js";
import type { CloneModelOptions, ModelFromJsonOptions, ToJsonOptions } from "./config-options.js";
import type { CompileOptions } from "./compile-types.js";
import type { LoadModelOptions } from "./platform.js";
import type { SummaryOptions } from "./summary.js";
import type { BatchOptions, EvaluateOptions, FitOptions, PredictOptions } from "./training-types.js";

/** The options of each method of models; a name that is missing, or one too many, does not compile. */
export const methodOptions = {
  compile: Object.keys({
    optimizer: true,
    loss: true,
    lossWeights: true,
    metrics: true,
    weightedMetrics: true,
  } satisfies Record<keyof CompileOptions, true>),
  fit: Object.keys({
    y: true,
    batchSize: true,
    epochs: true,
    stepsPerEpoch: true,
    sampleWeight: true,
    validationData: true,
    validationSplit: true,
    validationSteps: true,
    validationBatchSize: true,
    validationFreq: true,
    callbacks: true,
    initialEpoch: true,
    shuffle: true,
    classWeight: true,
    trunkPrecision: true,
    verbose: true,
  } satisfies Record<keyof FitOptions, true>),
  evaluate: Object.keys({
    y: true,
    sampleWeight: true,
    batchSize: true,
    steps: true,
    callbacks: true,
    verbose: true,
    returnDict: true,
  } satisfies Record<keyof EvaluateOptions, true>),
  predict: Object.keys({
    batchSize: true,
    steps: true,
    callbacks: true,
    verbose: true,
  } satisfies Record<keyof PredictOptions, true>),
  trainOnBatch: Object.keys({ sampleWeight: true, classWeight: true } satisfies Record<keyof BatchOptions, true>),
  testOnBatch: Object.keys({ sampleWeight: true, classWeight: true } satisfies Record<keyof BatchOptions, true>),
  summary: Object.keys({
    lineLength: true,
    positions: true,
    printFn: true,
    expandNested: true,
    showTrainable: true,
    layerRange: true,
  } satisfies Record<keyof SummaryOptions, true>),
  toJson: Object.keys({ indent: true } satisfies Record<keyof ToJsonOptions, true>),
  modelFromJson: Object.keys({ customObjects: true } satisfies Record<keyof ModelFromJsonOptions, true>),
  cloneModel: Object.keys({
    inputTensors: true,
    cloneFunction: true,
    callFunction: true,
  } satisfies Record<keyof CloneModelOptions, true>),
  loadModel: Object.keys({ compile: true, output: true, customObjects: true } satisfies Record<
    keyof LoadModelOptions,
    true
  >),
  loadWeights: Object.keys({ byName: true, skipMismatch: true } satisfies Record<keyof LoadWeightsOptions, true>),
};

/** Options that count something, and the smallest number of it. */
const leastCounts: Readonly<Record<string, number | undefined>> = {
  batchSize: 1,
  epochs: 0,
  stepsPerEpoch: 1,
  validationSteps: 1,
  validationBatchSize: 1,
  initialEpoch: 0,
  steps: 1,
  indent: 0,
};

/** Options whose default is `None` in Keras: a script may write it down as `null`, and means what it says when it is left away. */
const noneByDefault: ReadonlySet<string> = new Set([
  "y",
  "batchSize",
  "stepsPerEpoch",
  "sampleWeight",
  "validationData",
  "validationSteps",
  "validationBatchSize",
  "callbacks",
  "classWeight",
  "steps",
  "loss",
  "lossWeights",
  "metrics",
  "weightedMetrics",
  "customObjects",
]);

/**
 * Refuses options that a method of models does not have.
 *
 * @returns the options, without those that Keras's `None` leaves away
 * @throws UsageError with the one that was meant, or for a number that counts nothing
 */
export function checkMethodOptions<O extends object>(method: keyof typeof methodOptions, options: O): O {
  checkOptionNames(method, options, methodOptions[method]);
  const isLeftAway = ([name, value]: readonly [string, unknown]): boolean => value === null && noneByDefault.has(name);
  const entries = Object.entries(options);
  const given = entries.some(isLeftAway)
    ? (Object.fromEntries(entries.filter((one) => !isLeftAway(one))) as O)
    : options;
  checkValues(method, given);
  return given;
}

function checkValues(method: keyof typeof methodOptions, options: object): void {
  const { classWeight, validationSplit } = options as Readonly<Record<string, unknown>>;
  if (classWeight !== undefined && !isPlainObject(classWeight)) {
    refuse(method, "classWeight", "weights by class number, such as { 0: 1, 1: 2.5 }", classWeight);
  }
  // Which shares split some samples, their number says.
  if (validationSplit !== undefined && typeof validationSplit !== "number") {
    refuseOption(method, "validationSplit", "a share in [0, 1)", show(validationSplit));
  }
  for (const [name, value] of Object.entries(options) as [string, unknown][]) {
    const least = leastCounts[name];
    if (least !== undefined && value !== undefined && !isWhole(value, least)) {
      refuseOption(method, name, `a whole number from ${least}`, show(value));
    }
  }
}
