import { namedRecord } from "../../errors/named-record.js";
import type { Logs } from "../../models/training-types.js";
import type { Metric } from "../../nn/metrics/metric.js";
import type { OwnFigure } from "./own-step.js";
import type { SavedMeans } from "./running-means.js";

/**
 * Figures over the steps of a user's own in an epoch: states of metrics add up; of a plain value, as in Keras, that of the last
 * step counts.
 */
export class OwnMeans {
  private batches = 0;
  private readonly values = new Map<string, number>();
  private readonly sums = new Map<string, Map<string, Float64Array>>();
  private readonly metrics = new Map<string, Metric | undefined>();
  private readonly saved: SavedMeans | undefined;

  /** @param saved what another gave, to go on from; default: nothing yet */
  constructor(saved?: SavedMeans) {
    this.saved = saved;
    this.batches = saved?.batches ?? 0;
  }

  get isEmpty(): boolean {
    return this.batches === 0;
  }

  /** Takes in the figures of a step. */
  add(figures: readonly OwnFigure[]): void {
    this.batches += 1;
    for (const figure of figures) {
      const { name, metric } = figure;
      if (!this.metrics.has(name)) metric?.begin();
      this.metrics.set(name, metric);
      if (metric === undefined) this.values.set(name, figure.value);
      else this.addStates(name, figure.states);
    }
  }

  private addStates(name: string, states: Readonly<Record<string, Float32Array>>): void {
    const sums = this.sums.get(name) ?? this.savedSums(name);
    this.sums.set(name, sums);
    for (const [state, values] of Object.entries(states)) {
      const sum = sums.get(state) ?? new Float64Array(values.length);
      values.forEach((value, index) => (sum[index] = (sum[index] ?? 0) + value));
      sums.set(state, sum);
    }
  }

  private savedSums(name: string): Map<string, Float64Array> {
    const found = Object.entries(this.saved?.sums ?? {}).flatMap(([key, values]): [string, Float64Array][] => {
      const [owner, state] = JSON.parse(key) as [string, string];
      return owner === name ? [[state, Float64Array.from(values, Number)]] : [];
    });
    return new Map(found);
  }

  async logs(): Promise<Logs> {
    const figures: [name: string, value: number][] = [];
    for (const [name, metric] of this.metrics) {
      if (metric === undefined) figures.push([name, this.values.get(name) ?? Number.NaN]);
      else figures.push([name, await metric.figureOf(Object.fromEntries(this.sums.get(name) ?? []))]);
    }
    return namedRecord(figures);
  }

  save(): SavedMeans {
    const losses = [...this.values].map(([name, value]) => [name, String(value)] as const);
    const sums = [...this.sums].flatMap(([name, states]) =>
      [...states].map(([state, sum]) => [JSON.stringify([name, state]), Array.from(sum, String)] as const),
    );
    const { batches } = this;
    return { samples: 0, batches, losses: Object.fromEntries(losses), sums: Object.fromEntries(sums) };
  }
}
