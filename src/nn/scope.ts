import type { CallContext } from "./context.js";
import type { Variable } from "./variable.js";

/** The context of the computation that is being written; writing is synchronous, so there is at most one. */
let present: CallContext | undefined;

/** Writes a part of a computation: what it asks for without naming a tensor, such as the value of a weight, is `context`'s. */
export function within<T>(context: CallContext, write: () => T): T {
  const before = present;
  present = context;
  try {
    return write();
  } finally {
    present = before;
  }
}

/** The context of the computation that is being written; `undefined` outside of `call`, losses and metrics. */
export function presentContext(): CallContext | undefined {
  return present;
}

/** What is remembered of a layer that is called. */
export interface CalledLayer {
  readonly name: string;
  readonly className: string;
  readonly weights: readonly Variable[];
}

/** The layers that were called so far in the `call` that is being written. */
let called: Set<CalledLayer> | undefined;

/** Says that a layer is called. */
export function noteCall(layer: CalledLayer): void {
  called?.add(layer);
}

/** Writes a `call`, and gives the layers that were called in it directly. */
export function layersCalledIn<T>(write: () => T): readonly [result: T, called: ReadonlySet<CalledLayer>] {
  const before = called;
  const own = new Set<CalledLayer>();
  called = own;
  try {
    return [write(), own];
  } finally {
    called = before;
  }
}
