import type { Surroundings } from "../models/surroundings.js";
import type { Runtime } from "../runtime/runtime.js";

/** What a trunk computes, for keeping it. */
export interface TrunkDescription {
  /** SHA-256 of its ONNX model, weights included. */
  readonly digest: string;
  /** Name of the model that it belongs to, for people. */
  readonly model: string;
  /** Numbers a sample. */
  readonly width: number;
  /** Name of the runtime that computes it: others round differently. */
  readonly engine: string;
}

/** Rows of boundary activations that outlive the process. */
export interface ActivationStore {
  /** The row of a sample; `undefined` when there is none, or a damaged one. */
  get(identity: string): Promise<Float32Array | undefined>;
  /** Keeps a row. It waits only when more is coming than can be written; what cannot be written is left out. */
  put(identity: string, row: Float32Array): Promise<void>;
  /** Waits until all rows are written. */
  flush(): Promise<void>;
}

/** What training needs of the machine that it runs on. */
export interface Machine extends Surroundings {
  /** SHA-256 of bytes, hexadecimal. */
  digest(bytes: Uint8Array): string;
  /** Bytes of memory that boundary activations may take. */
  readonly activationMemory: number;
  /** Where boundary activations of a trunk are kept from run to run; `undefined` where there is no such place. */
  openActivationStore(trunk: TrunkDescription): Promise<ActivationStore | undefined>;
  /**
   * A number that is measured once on a machine; where it is known from another run, it is not measured again.
   *
   * @param name what is measured
   * @param engine name of the runtime that it is measured with
   */
  machineFact(name: string, engine: string, measure: () => Promise<number>): Promise<number>;
}

/** Facts of a machine that a run depends on. */
export interface FactBook {
  /**
   * A fact: the one that is written down, or what is measured now, which is written down.
   *
   * @param name what is measured
   * @param measure is called where the number is not known
   */
  take(name: string, measure: () => Promise<number>): Promise<number>;
}

/** Where a training runs. */
export interface Host {
  readonly runtime: Runtime;
  readonly machine: Machine;
}
