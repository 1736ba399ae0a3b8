import { rebuild } from "../../graph/rebuild.js";
import type { Value } from "../../graph/value.js";
import type { BatchSource } from "../../models/sources/batch-source.js";
import type { TrunkPrecision, TrunkReport } from "../../models/training-types.js";
import type { Session, SessionOptions } from "../../runtime/runtime.js";
import { graphBytes } from "../../runtime/session.js";
import { calibratedTrunk } from "./calibration.js";
import { type Int8Trunk, nothingToRound } from "./int8-trunk.js";
import type { ActivationStore, Host } from "../machine.js";
import { lowered } from "./lowering.js";
import { names } from "./names.js";
import { boundaryWidth, hasTrunk, type ModelSplit } from "./split.js";

/** The program before the freeze boundary, for one source. */
export interface Trunk {
  /** The same for trunks of the same graph and weights, in other runs too. */
  readonly identity: string;
  readonly session: Promise<Session>;
  /** Bytes of memory that kept activations may take. */
  readonly memory: number;
  /** Where its activations are kept from run to run. */
  readonly store: () => Promise<ActivationStore | undefined>;
}

/** How trunks are made. */
export interface TrunkOptions {
  readonly precision: TrunkPrecision;
  /** What an element of tiles costs on this machine. */
  readonly elementWork: number;
  /** What sessions are told about a run of a graph. */
  readonly sessionOptions: (values: readonly Value[]) => SessionOptions;
}

/** The trunk program: what a source feeds → boundary activations. Each graph of a source has a session of its own. */
export class Trunks {
  private readonly made = new Map<BatchSource["graph"], Trunk>();
  private int8: Int8Trunk | undefined;

  constructor(
    private readonly host: Host,
    private readonly split: ModelSplit,
    private readonly options: TrunkOptions,
  ) {}

  /** What became of a trunk in 8 bits; `undefined` where it is computed exactly. */
  get report(): TrunkReport | undefined {
    return this.int8?.report;
  }

  /**
   * Makes the trunk one of 8 bits, if it is to be one. The same photos give the same trunk.
   *
   * @param source photos to calibrate with: those that are trained with
   * @throws UsageError where nothing before the boundary can be computed in 8 bits
   */
  async calibrate(source: BatchSource): Promise<void> {
    if (this.options.precision !== "int8" || this.int8 !== undefined) return;
    if (!hasTrunk(this.split)) throw nothingToRound();
    this.int8 = await calibratedTrunk(this.host, this.values(), this.split.data, source);
  }

  /** The trunk for a source. */
  of(source: BatchSource): Trunk {
    const known = this.made.get(source.graph);
    if (known !== undefined) return known;
    if (this.options.precision === "int8" && this.int8 === undefined) {
      throw new TypeError("A trunk in 8 bits must be calibrated first.");
    }
    const trunk = this.create(source);
    this.made.set(source.graph, trunk);
    return trunk;
  }

  private create(source: BatchSource): Trunk {
    const { host, split } = this;
    const { runtime, machine } = host;
    const boundary = this.values();
    const fed = new Map(
      split.data.flatMap((value, index) => {
        const given = source.graph[index];
        return given === undefined ? [] : [[value, given] as const];
      }),
    );
    const values = lowered(boundary.map(rebuild(boundary, fed)), this.options.elementWork, false);
    const outputs = Object.fromEntries(values.map((value, index) => [names.boundary(index), value]));
    const bytes = graphBytes(outputs, { name: "trunk" });
    const identity = machine.digest(bytes);
    const description = {
      digest: identity,
      model: split.modelName,
      width: boundaryWidth(split),
      engine: runtime.name,
    };
    let store: Promise<ActivationStore | undefined> | undefined;
    return {
      identity,
      session: runtime.createSession(bytes, this.options.sessionOptions(boundary)),
      memory: machine.activationMemory,
      // Photos that were merely preprocessed are read again as quickly as they would be from there.
      store: () => (store ??= hasTrunk(split) ? machine.openActivationStore(description) : Promise.resolve(undefined)),
    };
  }

  /** The boundary as a graph of the data, with frozen weights as constants. */
  private values(): readonly Value[] {
    if (this.int8 !== undefined) return this.int8.values;
    const { boundaryValues, substitutes } = this.split;
    const constants = new Map(substitutes);
    for (const value of boundaryValues) constants.delete(value);
    return boundaryValues.map(rebuild(boundaryValues, constants));
  }

  /** Frees all sessions. */
  async release(): Promise<void> {
    const sessions = await Promise.all([...this.made.values()].map(({ session }) => session));
    this.made.clear();
    await Promise.all(sessions.map((session) => session.release()));
  }
}
