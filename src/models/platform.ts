import { UsageError } from "../errors/errors.js";
import type { Runtime, Tensor } from "../runtime/runtime.js";
import type { BaseModel } from "./base-model.js";
import type { BatchSource } from "./batch-source.js";
import type { FileWeights } from "./assign-weights.js";
import type { BatchOptions, EvaluateOptions, FitOptions, History, Logs, PredictOptions } from "./training-types.js";

/** The loops behind a model's methods. */
export interface TrainingLoops {
  fit(model: BaseModel, x: BatchSource | Tensor, options: FitOptions): Promise<History>;
  evaluate(model: BaseModel, x: BatchSource | Tensor, options: EvaluateOptions): Promise<Logs>;
  predict(model: BaseModel, x: BatchSource | Tensor, options: PredictOptions): Promise<Tensor>;
  trainOnBatch(model: BaseModel, x: Tensor, y: Tensor, options: BatchOptions): Promise<Logs>;
  testOnBatch(model: BaseModel, x: Tensor, y: Tensor, options: BatchOptions): Promise<Logs>;
  /** Frees the sessions that a model's calls have made; they are made again when they are needed. */
  release(model: BaseModel): Promise<void>;
}

/**
 * What models need of the rooms behind them and of the machine they run on. The public entry puts it together: in this
 * way a model has `fit` although training imports models, and nothing above `runtime` knows Node.
 */
export interface Platform {
  readonly runtime: Runtime;
  readonly loops: TrainingLoops;
  /** Reads a file of weights. */
  readWeights(path: string): Promise<FileWeights>;
  /** Writes a file under a temporary name and renames it; does not overwrite an existing one unless told to. */
  writeFile(path: string, bytes: Uint8Array): Promise<void>;
  /** Shows a person a result. */
  print(line: string): void;
  /** Shows a person something to think about, apart from results. */
  warn(line: string): void;
}

let installed: Platform | undefined;

/** Sets the platform; called by the public entry. */
export function installPlatform(platform: Platform): void {
  installed = platform;
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
