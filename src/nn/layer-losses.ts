import type { Value } from "../graph/value.js";
import type { CallContext } from "./context.js";
import { type Recording, recordingOf } from "./eager/recording.js";
import { TapeRecording } from "./eager/tape-recording.js";
import { within, presentContext } from "./scope.js";
import { SymbolicTensor } from "./symbolic-tensor.js";
import type { Variable } from "./variable.js";

/** What {@link lossesOf} asks of a layer. */
interface Penalized {
  readonly trainableWeights: readonly Variable[];
  /** Layers in it. */
  readonly heldLayers: readonly Penalized[];
}

/** What calls of layers added to the loss of a computation of a user's own, apart from penalties on weights. */
const added = new WeakMap<Recording, Map<object, Value[]>>();

/** The tape on which a layer was called last. */
const lastTapes = new WeakMap<object, WeakRef<TapeRecording>>();

/** Says that a layer is called. */
export function noteTape(layer: object, context: CallContext): void {
  const recording = recordingOf(context);
  if (recording instanceof TapeRecording) lastTapes.set(layer, new WeakRef(recording));
}

/** Says that a call of a layer adds to the loss: a penalty on outputs, or by `addLoss`. */
export function noteLoss(layer: object, context: CallContext, loss: Value): void {
  const recording = recordingOf(context);
  if (recording === undefined) return;
  const ofLayers = added.get(recording) ?? new Map<object, Value[]>();
  added.set(recording, ofLayers);
  ofLayers.set(layer, [...(ofLayers.get(layer) ?? []), loss]);
}

/** A layer and all in it, each once. */
function withHeld(layer: Penalized, seen = new Set<Penalized>()): ReadonlySet<Penalized> {
  if (seen.has(layer)) return seen;
  seen.add(layer);
  for (const held of layer.heldLayers) withHeld(held, seen);
  return seen;
}

/**
 * What a layer, and those in it, add to the loss, in Keras's order: what calls added, then the penalties on the weights that are
 * trained.
 */
export function lossesOf(layer: Penalized): readonly SymbolicTensor[] {
  const present = presentContext();
  const recording = (present && recordingOf(present)) ?? lastTapes.get(layer)?.deref() ?? new TapeRecording();
  const ofCalls = [...withHeld(layer)].flatMap((one) => added.get(recording)?.get(one) ?? []);
  const ofWeights = within(recording, () =>
    layer.trainableWeights.flatMap((variable) => variable.regularizer?.penalty(recording.weight(variable)) ?? []),
  );
  return [...ofCalls, ...ofWeights].map((value) => SymbolicTensor.of(value, recording));
}
