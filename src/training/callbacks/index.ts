export { BackupAndRestore, type BackupAndRestoreOptions } from "./backup-and-restore.js";
export { Callback } from "./callback.js";
export { CSVLogger, type CSVLoggerOptions } from "./csv-logger.js";
export { EarlyStopping, type EarlyStoppingOptions } from "./early-stopping.js";
export { LambdaCallback, type LambdaCallbackOptions } from "./lambda-callback.js";
export {
  type EpochSchedule,
  LearningRateScheduler,
  type LearningRateSchedulerOptions,
} from "./learning-rate-scheduler.js";
export { ModelCheckpoint, type ModelCheckpointOptions, type SaveFrequency } from "./model-checkpoint.js";
export type { Mode } from "./monitor.js";
export { ProgbarLogger } from "./progbar-logger.js";
export { ReduceLROnPlateau, type ReduceLROnPlateauOptions } from "./reduce-lr-on-plateau.js";
export { StochasticWeightAveraging, type StochasticWeightAveragingOptions } from "./stochastic-weight-averaging.js";
export { SwapEMAWeights, type SwapEMAWeightsOptions } from "./swap-ema-weights.js";
export { TensorBoard, type TensorBoardOptions } from "./tensor-board.js";
export { TerminateOnNaN, type TerminateOnNaNOptions } from "./terminate-on-nan.js";
export { UnfreezeByStages, type UnfreezeByStagesOptions, type UnfreezeStages } from "./unfreeze-by-stages.js";
export { History } from "../../models/training-types.js";
export type {
  CallbackContext,
  CallbackParams,
  Logs,
  LostLoss,
  Resumable,
  TrainingState,
} from "../../models/training-types.js";
export type { ProgressBar, ProgressState, Surroundings } from "../../models/surroundings.js";
