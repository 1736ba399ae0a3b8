import type { Shape } from "../../graph/shape.js";
import { isSerializedObject, type SerializedObject } from "../config.js";
import type { Loss } from "../losses/loss.js";
import { isLossName, resolveLoss } from "../losses/resolve-loss.js";
import { SparseCategoricalCrossentropy as SparseLoss } from "../losses/sparse-categorical-crossentropy.js";
import { factory, Registry } from "../registry.js";
import { AUC } from "./auc.js";
import { Accuracy } from "./accuracy.js";
import { BinaryAccuracy } from "./binary-accuracy.js";
import { BinaryCrossentropy } from "./binary-crossentropy.js";
import { CategoricalAccuracy } from "./categorical-accuracy.js";
import { CategoricalCrossentropy } from "./categorical-crossentropy.js";
import { CategoricalHinge } from "./categorical-hinge.js";
import { CosineSimilarity } from "./cosine-similarity.js";
import { F1Score } from "./f1-score.js";
import { FBetaScore } from "./f-beta-score.js";
import { FalseNegatives } from "./false-negatives.js";
import { FalsePositives } from "./false-positives.js";
import { Hinge } from "./hinge.js";
import { KLDivergence } from "./kl-divergence.js";
import { LogCoshError } from "./log-cosh-error.js";
import { MeanAbsoluteError } from "./mean-absolute-error.js";
import { MeanAbsolutePercentageError } from "./mean-absolute-percentage-error.js";
import { MeanSquaredError } from "./mean-squared-error.js";
import { MeanSquaredLogarithmicError } from "./mean-squared-logarithmic-error.js";
import { Poisson } from "./poisson.js";
import { Precision } from "./precision.js";
import { R2Score } from "./r2-score.js";
import { Recall } from "./recall.js";
import { RootMeanSquaredError } from "./root-mean-squared-error.js";
import { ShapedAccuracy } from "./shaped-accuracy.js";
import { SparseCategoricalAccuracy } from "./sparse-categorical-accuracy.js";
import { SparseCategoricalCrossentropy } from "./sparse-categorical-crossentropy.js";
import { SparseTopKCategoricalAccuracy } from "./sparse-top-k-categorical-accuracy.js";
import { SquaredHinge } from "./squared-hinge.js";
import { TopKCategoricalAccuracy } from "./top-k-categorical-accuracy.js";
import { TrueNegatives } from "./true-negatives.js";
import { TruePositives } from "./true-positives.js";
import { BinaryIoU } from "./binary-io-u.js";
import { ConcordanceCorrelation } from "./concordance-correlation.js";
import { IoU } from "./io-u.js";
import { MeanIoU } from "./mean-io-u.js";
import { OneHotIoU } from "./one-hot-io-u.js";
import { OneHotMeanIoU } from "./one-hot-mean-io-u.js";
import { PearsonCorrelation } from "./pearson-correlation.js";
import { PrecisionAtRecall } from "./precision-at-recall.js";
import { RecallAtPrecision } from "./recall-at-precision.js";
import { SensitivityAtSpecificity } from "./sensitivity-at-specificity.js";
import { SpecificityAtSensitivity } from "./specificity-at-sensitivity.js";
import { LossMetric } from "./loss-metric.js";
import type { Metric } from "./metric.js";

/** A metric, its name in Keras, or what Keras wrote into a file. */
export type MetricLike = Metric | string | SerializedObject;

const registry = new Registry<Metric>("metric", {
  AUC: factory(AUC),
  Accuracy: factory(Accuracy),
  BinaryAccuracy: factory(BinaryAccuracy),
  BinaryCrossentropy: factory(BinaryCrossentropy),
  CategoricalAccuracy: factory(CategoricalAccuracy),
  CategoricalCrossentropy: factory(CategoricalCrossentropy),
  CategoricalHinge: factory(CategoricalHinge),
  CosineSimilarity: factory(CosineSimilarity),
  F1Score: factory(F1Score),
  FBetaScore: factory(FBetaScore),
  FalseNegatives: factory(FalseNegatives),
  FalsePositives: factory(FalsePositives),
  Hinge: factory(Hinge),
  KLDivergence: factory(KLDivergence),
  LogCoshError: factory(LogCoshError),
  MeanAbsoluteError: factory(MeanAbsoluteError),
  MeanAbsolutePercentageError: factory(MeanAbsolutePercentageError),
  MeanSquaredError: factory(MeanSquaredError),
  MeanSquaredLogarithmicError: factory(MeanSquaredLogarithmicError),
  Poisson: factory(Poisson),
  Precision: factory(Precision),
  R2Score: factory(R2Score),
  Recall: factory(Recall),
  RootMeanSquaredError: factory(RootMeanSquaredError),
  SparseCategoricalAccuracy: factory(SparseCategoricalAccuracy),
  SparseCategoricalCrossentropy: factory(SparseCategoricalCrossentropy),
  SparseTopKCategoricalAccuracy: factory(SparseTopKCategoricalAccuracy),
  SquaredHinge: factory(SquaredHinge),
  TopKCategoricalAccuracy: factory(TopKCategoricalAccuracy),
  TrueNegatives: factory(TrueNegatives),
  BinaryIoU: factory(BinaryIoU),
  ConcordanceCorrelation: factory(ConcordanceCorrelation),
  IoU: factory(IoU, ["num_classes", "target_class_ids"]),
  MeanIoU: factory(MeanIoU, ["num_classes"]),
  OneHotIoU: factory(OneHotIoU, ["num_classes", "target_class_ids"]),
  OneHotMeanIoU: factory(OneHotMeanIoU, ["num_classes"]),
  PearsonCorrelation: factory(PearsonCorrelation),
  PrecisionAtRecall: factory(PrecisionAtRecall, ["recall"]),
  RecallAtPrecision: factory(RecallAtPrecision, ["precision"]),
  SensitivityAtSpecificity: factory(SensitivityAtSpecificity, ["specificity"]),
  SpecificityAtSensitivity: factory(SpecificityAtSensitivity, ["sensitivity"]),
  TruePositives: factory(TruePositives),
});

/**
 * The metric that an option stands for.
 *
 * `"accuracy"` and `"acc"` mean the accuracy that fits the output: binary for one unit, of class numbers with a sparse
 * loss, of one-hot labels otherwise; without a loss the labels' shape decides. The name that was given is the key in logs. Names of losses are accepted too.
 *
 * @param like a metric or a name
 * @param loss the loss that the output is trained with; `undefined` where it has none
 * @param outputShape shape of the model's output in Keras's order
 * @throws UsageError when there is no metric of that name
 * @see https://keras.io/api/metrics/
 */
export function resolveMetric(like: MetricLike, loss: Loss | undefined, outputShape: Shape): Metric {
  if (typeof like !== "string" && !isSerializedObject(like)) return like;
  if (typeof like !== "string") return registry.create(like);
  const name = like;
  if (/^acc(uracy)?$/i.test(name)) {
    if (outputShape.at(-1) === 1) return new BinaryAccuracy({ name });
    if (loss === undefined) return new ShapedAccuracy(name);
    return loss instanceof SparseLoss ? new SparseCategoricalAccuracy({ name }) : new CategoricalAccuracy({ name });
  }
  // A name that is no metric's is a loss's, or a mistake that the registry of metrics explains.
  if (!registry.has(name) && isLossName(name)) return new LossMetric(resolveLoss(name), name);
  return registry.create({ class_name: name, config: registry.has(name) ? { name } : {} });
}
