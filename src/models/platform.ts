import { UsageError } from "../errors/errors.js";
import { installRuntime } from "../runtime/installed-runtime.js";
import { showWarnings } from "../errors/warn.js";
import type { Runtime, Tensor } from "../runtime/runtime.js";
import type { CustomObjects } from "../nn/saving/custom-objects.js";
import type { BaseModel } from "./base-model.js";
import type { LoadWeightsOptions } from "./assign-weights.js";
import type { Surroundings } from "./surroundings.js";
import type {
  AnySamples,
  BatchOptions,
  EvaluateOptions,
  FitOptions,
  History,
  InputArrays,
  Logs,
  OutputArrays,
  PredictOptions,
} from "./training-types.js";

/** The loops behind a model's methods. */
export interface TrainingLoops {
  fit(model: BaseModel, x: AnySamples, options: FitOptions): Promise<History>;
  evaluate(model: BaseModel, x: AnySamples, options: EvaluateOptions): Promise<Logs>;
  /** A tensor for each output. */
  predict(model: BaseModel, x: AnySamples, options: PredictOptions): Promise<readonly Tensor[]>;
  trainOnBatch(model: BaseModel, x: InputArrays, y: OutputArrays | undefined, options: BatchOptions): Promise<Logs>;
  testOnBatch(model: BaseModel, x: InputArrays, y: OutputArrays | undefined, options: BatchOptions): Promise<Logs>;
  /** A tensor for each output. */
  predictOnBatch(model: BaseModel, x: InputArrays): Promise<readonly Tensor[]>;
  /** Frees the sessions that a model's calls have made; they are made again when they are needed. */
  release(model: BaseModel): Promise<void>;
}

/** Options of `loadModel`. */
export interface LoadModelOptions {
  /** Whether optimizer, loss and metrics of the file are restored, with the optimizer's slots. Default `true`. */
  readonly compile?: boolean;
  /** Which output of an ONNX file to take, by its name. Default all that are of floating-point numbers. */
  readonly output?: string | undefined;
  /** Classes and functions of one's own that the file names, by these names. */
  readonly customObjects?: CustomObjects | undefined;
}

/** Models and weights in files. */
export interface ModelFiles {
  /** Reads a model; which kind of file it is, the content says. */
  loadModel(path: string, options: LoadModelOptions): Promise<BaseModel>;
  /**
   * Makes a model of what `getConfig`, or a file, says; its weights are new.
   *
   * @param what it is, for messages
   */
  modelOfConfig(serialized: unknown, what: string): BaseModel;
  /** Makes a model of what {@link jsonOfModel} gives, or of what Keras wrote; its weights are new. */
  modelOfJson(json: string): BaseModel;
  /** What files say of a model, without weights, as JSON. */
  jsonOfModel(model: BaseModel): string;
  /** Writes a model as a `.keras` archive, or as an `.h5` file. */
  saveModel(model: BaseModel, path: string): Promise<void>;
  /**
   * Finds out, without writing, whether a model, or its weights alone, can be saved under a name.
   *
   * @param path may have placeholders, `{epoch}`
   */
  checkSave(model: BaseModel, path: string, what: "model" | "weights"): Promise<void>;
  /** Loads weights into a model; gives what was skipped, one line each. */
  loadWeights(model: BaseModel, path: string, options: LoadWeightsOptions): Promise<readonly string[]>;
  /** Writes a model's inference as `.onnx`. */
  exportModel(model: BaseModel, path: string): Promise<void>;
  /** Writes a model's weights as `.weights.h5`. */
  saveWeights(model: BaseModel, path: string): Promise<void>;
}

/**
 * What models' methods need of the rooms behind them and of the machine they run on. The public entry puts it together: in
 * this way a model has `fit` although training imports models, and nothing above `runtime` knows Node.
 */
export interface Platform extends Surroundings {
  readonly runtime: Runtime;
  readonly loops: TrainingLoops;
  /** Models and weights in files. */
  readonly files: ModelFiles;
}

let installed: Platform | undefined;

/** Sets the platform; called by the public entry. */
export function installPlatform(platform: Platform): void {
  installed = platform;
  installRuntime(platform.runtime);
  showWarnings((line) => {
    platform.warn(line);
  });
}

/**
 * The platform.
 *
 * @throws UsageError when the public entry has not been imported
 */
export function platform(): Platform {
  if (installed === undefined) {
    throw new UsageError("There is no engine yet.", {
      subject: "graft-ml",
      expected: "an import of the package's entry",
      received: "an import of an inner file alone",
      advice: 'Import from "graft-ml".',
    });
  }
  return installed;
}
