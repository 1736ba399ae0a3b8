import { namedRecord } from "../../errors/named-record.js";
import type { Logs } from "../../models/training-types.js";
import type { Compiled } from "../../models/compile-types.js";
import { fromTensor, type NamedTensors } from "../../runtime/runtime.js";
import { names, prefixes } from "../programs/names.js";
import { numberOf } from "./step-runner.js";

/** Sums as plain JSON, which has no NaN and no infinities: numbers are texts. */
export interface SavedMeans {
  readonly samples: number;
  readonly batches: number;
  /** Sums of losses, by name in the programs. */
  readonly losses: Readonly<Record<string, string>>;
  /** Sums of states of metrics, by name in the programs. */
  readonly sums: Readonly<Record<string, readonly string[]>>;
}

/**
 * Losses and metrics over the batches of an epoch. The loss is the mean over samples; states of metrics add up. As in Keras,
 * the losses of several outputs are means over batches, whatever their sizes.
 */
export class RunningMeans {
  private samples = 0;
  private batches = 0;
  private hasBegun = false;
  private readonly losses = new Map<string, number>();
  private readonly sums = new Map<string, Float64Array>();

  /**
   * @param saved what another gave, to go on from; default: nothing yet
   */
  constructor(
    private readonly compiled: Compiled,
    saved?: SavedMeans,
  ) {
    if (saved === undefined) return;
    this.samples = saved.samples;
    this.batches = saved.batches;
    for (const [name, sum] of Object.entries(saved.losses)) this.losses.set(name, Number(sum));
    for (const [name, sum] of Object.entries(saved.sums)) this.sums.set(name, Float64Array.from(sum, Number));
  }

  /** All that is needed to go on. */
  save(): SavedMeans {
    const losses = [...this.losses].map(([name, sum]) => [name, String(sum)] as const);
    const sums = [...this.sums].map(([name, sum]) => [name, Array.from(sum, String)] as const);
    const { samples, batches } = this;
    return { samples, batches, losses: Object.fromEntries(losses), sums: Object.fromEntries(sums) };
  }

  /** Whether nothing was taken in yet. */
  get isEmpty(): boolean {
    return this.batches === 0;
  }

  /** Takes in what a step or an evaluation of a batch of `size` samples returned. */
  add(results: NamedTensors, size: number): void {
    if (!this.hasBegun) for (const { metric } of this.compiled.metrics) metric.begin();
    this.hasBegun = true;
    this.samples += size;
    this.batches += 1;
    for (const [name, tensor] of Object.entries(results)) {
      if (name === names.loss) this.addLoss(name, numberOf(tensor) * size);
      else if (name.startsWith(prefixes.outputLoss)) this.addLoss(name, numberOf(tensor));
      else if (name.startsWith(prefixes.metric)) this.addState(name, fromTensor(tensor).data as Float32Array);
    }
  }

  private addLoss(name: string, value: number): void {
    this.losses.set(name, (this.losses.get(name) ?? 0) + value);
  }

  private addState(name: string, values: Float32Array): void {
    const sum = this.sums.get(name) ?? new Float64Array(values.length);
    values.forEach((value, index) => {
      sum[index] = (sum[index] ?? 0) + value;
    });
    this.sums.set(name, sum);
  }

  private sumAt(name: string): number {
    return this.losses.get(name) ?? Number.NaN;
  }

  private stateAt(prefix: string): Readonly<Record<string, Float64Array>> {
    const state = [...this.sums].flatMap(([name, sum]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), sum] as const] : [],
    );
    return Object.fromEntries(state);
  }

  /** Losses and metrics so far, in the order of Keras's list: of several outputs, losses come first and metrics by name. */
  async logs(): Promise<Logs> {
    const { outputs, losses, metrics, lossMean } = this.compiled;
    await lossMean.figureOf({ total: Float64Array.of(this.sumAt(names.loss)), count: Float64Array.of(this.samples) });
    const logs: [name: string, value: number][] = [["loss", this.sumAt(names.loss) / this.samples]];
    if (losses.length > 1) {
      for (const { name, output } of losses) {
        logs.push([`${name}_loss`, this.sumAt(names.outputLoss(output)) / this.batches]);
      }
    }
    const followed: [name: string, value: number][] = [];
    for (const [index, { name, metric }] of metrics.entries()) {
      const figure = metric.figureOf(this.stateAt(names.metric(index, "")));
      followed.push([name, typeof figure === "number" ? figure : await figure]);
    }
    if (outputs.length > 1) followed.sort(([a], [b]) => (a < b ? -1 : 1));
    return namedRecord([...logs, ...followed]);
  }
}
