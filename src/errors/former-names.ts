/** What an option is called, or done with, today. */
interface Today {
  /** Today's names; where the class or function has none of them, nothing is known of the old one. Default: it has none. */
  readonly names?: readonly string[];
  /** What to do; default: use the name. */
  readonly advice?: string;
}

const called = (...names: readonly string[]): Today => ({ names });
const instead = (names: readonly string[], advice: string): Today => ({ names, advice });
const gone = (advice: string): Today => ({ advice });

const threads = gone("Graft prepares the next batches while it trains: leave it away, as in Keras 3.");
const compiled = gone("Graft always computes compiled graphs: leave it away.");
const scaled = gone("Graft computes in float32, where nothing has to be scaled: leave it away.");
const batches = "counts batches: the number of samples divided by the size of a batch.";

/** Options of Keras 1, Keras 2 and other libraries, in camelCase, that Keras 3 calls otherwise or has no more. */
const formerNames: ReadonlyMap<string, Today> = new Map<string, Today>([
  ["lr", called("learningRate")],
  ["learnRate", called("learningRate")],
  [
    "decay",
    instead(["learningRate"], "Give a schedule as learningRate: new schedules.InverseTimeDecay(0.01, 1, 1e-6)."),
  ],
  ["optimiser", called("optimizer")],
  ["metric", called("metrics")],
  ["losses", called("loss")],
  ["sampleWeightMode", gone("Give sampleWeight to fit: one number for each sample.")],
  ["runEagerly", compiled],
  ["jitCompile", compiled],
  ["stepsPerExecution", compiled],
  ["autoScaleLoss", scaled],
  ["lossScaleFactor", scaled],
  ["nbEpoch", called("epochs")],
  ["epoch", called("epochs")],
  ["callback", called("callbacks")],
  ["generator", gone("Give it as the first argument: model.fit(generator, { epochs: 10 }).")],
  ["samplesPerEpoch", instead(["stepsPerEpoch"], `Use stepsPerEpoch, which ${batches}`)],
  ["nbValSamples", instead(["validationSteps"], `Use validationSteps, which ${batches}`)],
  ["valSamples", instead(["steps"], `Use steps, which ${batches}`)],
  ["nbSample", instead(["steps"], `Use steps, which ${batches}`)],
  ["showAccuracy", gone('Say it in compile: metrics: ["accuracy"].')],
  ["maxQueueSize", threads],
  ["maxQSize", threads],
  ["workers", threads],
  ["useMultiprocessing", threads],
  ["pickleSafe", threads],
  ["outputDim", called("units")],
  ["nbFilter", called("filters")],
  ["nbRow", instead(["kernelSize"], "Use kernelSize: [height, width].")],
  ["nbCol", instead(["kernelSize"], "Use kernelSize: [height, width].")],
  ["p", called("rate")],
  ["sigma", called("stddev")],
  ["borderMode", called("padding")],
  ["subsample", called("strides")],
  ["atrousRate", called("dilationRate")],
  ["dimOrdering", called("dataFormat")],
  ["init", called("kernelInitializer", "alphaInitializer")],
  ["bias", called("useBias")],
  ["WRegularizer", called("kernelRegularizer")],
  ["bRegularizer", called("biasRegularizer")],
  ["WConstraint", called("kernelConstraint")],
  ["bConstraint", called("biasConstraint")],
  ["gammaInit", called("gammaInitializer")],
  ["betaInit", called("betaInitializer")],
  ["inputDim", instead(["inputShape"], "Use inputShape: [8], or begin the model with layers.Input({ shape: [8] }).")],
  ["batchInputShape", instead(["inputShape"], "Use inputShape, which has no batch.")],
  ["inputDtype", instead(["inputShape"], "Begin the model with layers.Input({ shape, dtype }).")],
  ["input", called("inputs")],
  ["output", called("outputs")],
  ["period", instead(["saveFreq"], 'Use saveFreq: "epoch", or a number of batches.')],
  ["epsilon", called("minDelta")],
  ["alpha", called("negativeSlope")],
  [
    "writeGraph",
    gone("Graft writes figures for TensorBoard, and no graph: leave it away, and draw one by utils.plotModel."),
  ],
  ["writeImages", gone("Graft writes no pictures of weights for TensorBoard: leave it away.")],
  ["embeddingsFreq", gone("Graft writes no embeddings for TensorBoard: leave it away.")],
  ["profileBatch", gone("Graft writes no profile for TensorBoard: leave it away.")],
  ["writeGrads", gone("TensorBoard has shown no gradients since TensorFlow 2: leave it away.")],
  ["imageSize", called("targetSize")],
  ["targetSize", called("imageSize")],
  ["classMode", called("labelMode")],
  ["labelMode", called("classMode")],
  ["hasExt", gone("Names of files in a table have their endings: leave it away.")],
  ["dropDuplicates", gone("All rows are taken, as in Keras since 2.3: leave it away.")],
  ["sort", gone("Rows keep their order, as in Keras since 2.3: leave it away.")],
]);

/** `kernel_size` → `kernelSize`, `beta_1` → `beta1`. */
export function camelCase(name: string): string {
  return name.replace(/_([a-zA-Z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/**
 * What somebody means who wrote the name of an option as in Python, or as in older Keras.
 *
 * @param known the names that there are
 * @returns a sentence, or `undefined` where nothing is known of the name
 */
export function adviceFor(option: string, known: readonly string[]): string | undefined {
  const name = camelCase(option);
  if (name !== option && known.includes(name)) return `It is called "${name}" here.`;
  const { names, advice } = formerNames.get(name) ?? {};
  if (names === undefined) return advice;
  const today = names.find((candidate) => known.includes(candidate));
  return today === undefined ? undefined : (advice ?? `It is called "${today}" today.`);
}
