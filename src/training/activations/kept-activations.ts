import type { BatchSource } from "../../models/sources/batch-source.js";
import type { ActivationStore } from "../machine.js";
import type { Trunk } from "../programs/trunk.js";

/** Bytes that all kept activations of the process take. */
let bytes = 0;

/** When what a source keeps is forgotten, its bytes are free again. */
const forgotten = new FinalizationRegistry<{ bytes: number }>((held) => {
  bytes -= held.bytes;
});

/**
 * Boundary activations of a source's samples, a row each: in memory as long as there is room, and on disk where the source can
 * tell its samples apart.
 */
export class KeptActivations {
  private readonly rows = new Map<number, Float32Array>();
  private readonly held = { bytes: 0 };

  constructor(
    private readonly source: BatchSource,
    readonly trunk: string,
    /** Bytes that all kept activations of the process may take. */
    private readonly memory: number,
    private readonly store: Promise<ActivationStore | undefined>,
  ) {
    forgotten.register(this, this.held);
  }

  /** The row of a sample, if it lies in memory. */
  inMemory(key: number): Float32Array | undefined {
    return this.rows.get(key);
  }

  /** The row of a sample from memory or disk. */
  async find(key: number): Promise<Float32Array | undefined> {
    const known = this.rows.get(key);
    if (known !== undefined) return known;
    const identity = await this.source.identify?.(key);
    const row = identity === undefined ? undefined : await (await this.store)?.get(identity);
    if (row !== undefined) this.remember(key, row);
    return row;
  }

  /** Keeps the row of a sample; it must not be changed afterwards. */
  async add(key: number, row: Float32Array): Promise<void> {
    this.remember(key, row);
    const identity = await this.source.identify?.(key);
    if (identity !== undefined) await (await this.store)?.put(identity, row);
  }

  private remember(key: number, row: Float32Array): void {
    if (this.rows.has(key) || bytes + row.byteLength > this.memory) return;
    this.rows.set(key, row);
    this.held.bytes += row.byteLength;
    bytes += row.byteLength;
  }

  /** No longer counts what is kept here, which nobody will look for again. */
  discount(): void {
    bytes -= this.held.bytes;
    this.held.bytes = 0;
  }

  /** Waits until what is to be written is written. */
  async flush(): Promise<void> {
    await (await this.store)?.flush();
  }
}

/** By the source, so that the next fit on it finds them, and they go when it goes. */
const keptBySource = new WeakMap<BatchSource, KeptActivations>();

/**
 * The activations kept for a source: those of the trunk that it went through last. A source that goes through the same
 * trunk in another model, or in another call of `fit`, finds them again; so does another run where they lie on disk.
 */
export function keptActivations(source: BatchSource, { identity, memory, store }: Trunk): KeptActivations {
  const known = keptBySource.get(source);
  if (known?.trunk === identity) return known;
  known?.discount();
  const fresh = new KeptActivations(
    source,
    identity,
    memory,
    "identify" in source ? store() : Promise.resolve(undefined),
  );
  keptBySource.set(source, fresh);
  return fresh;
}
