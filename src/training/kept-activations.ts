import type { BatchSource } from "../models/batch-source.js";
import type { TensorData } from "../onnx/tensor-data.js";

/** A sample's boundary activations by the names of the programs' inputs, without the batch's axis. */
export type Rows = Readonly<Record<string, TensorData<"float32">>>;

/** Bytes that the activations of one source may take; samples beyond that cross the trunk again. */
const limit = 2 ** 31;

/** Boundary activations of samples, in memory. */
export class KeptActivations {
  private readonly rows = new Map<number, Rows>();
  private bytes = 0;

  /** @param trunk identity of the trunk that made them */
  constructor(readonly trunk: string) {}

  get(key: number): Rows | undefined {
    return this.rows.get(key);
  }

  /** Keeps a sample's activations, unless they are kept or there is no room. */
  add(key: number, make: () => Rows): void {
    if (this.rows.has(key) || this.bytes >= limit) return;
    const rows = make();
    this.rows.set(key, rows);
    for (const { data } of Object.values(rows)) this.bytes += data.byteLength;
  }
}

const keptBySource = new WeakMap<BatchSource, KeptActivations>();

/**
 * The activations kept for a source: those of the trunk that it went through last. A source that goes through the same
 * trunk in another model, or in another call of `fit`, finds them again.
 *
 * @param trunk the trunk's identity: its graph and weights
 */
export function keptActivations(source: BatchSource, trunk: string): KeptActivations {
  const known = keptBySource.get(source);
  if (known?.trunk === trunk) return known;
  const fresh = new KeptActivations(trunk);
  keptBySource.set(source, fresh);
  return fresh;
}
