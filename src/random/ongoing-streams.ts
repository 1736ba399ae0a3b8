import { Generator, type GeneratorState } from "./generator.js";
import type { RandomSource } from "./seed.js";

/** Where the streams of a model's training stand. */
export interface StreamStates {
  /** What tells them from those of other models. */
  readonly prefix: string;
  readonly streams: readonly (readonly [label: string, state: GeneratorState])[];
}

/**
 * Random streams of a model's training, by name; each goes on where it stood, from call to call. Those of several models are
 * told apart by the order in which the models began to draw since the seed was set.
 */
export class OngoingStreams {
  private readonly streams = new Map<string, Generator>();
  /** How often the seed had been set when the streams began. */
  private seeded: number;
  /** What tells these streams from those of others; not known before something is drawn. */
  private prefix: string | undefined;

  constructor(private readonly source: RandomSource) {
    this.seeded = source.timesSeeded;
  }

  /** Begins all streams again where the seed has been set since they began. */
  refresh(): void {
    if (this.seeded === this.source.timesSeeded) return;
    this.streams.clear();
    this.prefix = undefined;
    this.seeded = this.source.timesSeeded;
  }

  /** The stream of the given name. */
  of(label: string): Generator {
    const stream = this.streams.get(label) ?? this.source.stream(`${this.numbered()}${label}`);
    this.streams.set(label, stream);
    return stream;
  }

  /** The first needs no number: a job that trains one model has streams by name alone. */
  private numbered(): string {
    if (this.prefix === undefined) {
      const number = this.source.number("training");
      this.prefix = number === 0 ? "" : `training/${number}/`;
    }
    return this.prefix;
  }

  /** Where a stream stands; `null` for one that has not begun. */
  save(label: string): GeneratorState | null {
    return this.streams.get(label)?.save() ?? null;
  }

  /** Where all streams stand that have begun, by name; `null` where nothing was drawn yet. */
  saveAll(): StreamStates | null {
    if (this.prefix === undefined) return null;
    return { prefix: this.prefix, streams: [...this.streams].map(([label, stream]) => [label, stream.save()]) };
  }

  /** Has all streams go on from what {@link saveAll} gave, and takes the number that they had. */
  restoreAll(states: StreamStates | null): void {
    if (states === null) return;
    this.numbered();
    this.prefix = states.prefix;
    for (const [label, state] of states.streams) this.streams.set(label, new Generator(state));
  }

  /** Has a stream go on from what {@link save} gave. */
  restore(label: string, state: GeneratorState | null): void {
    if (state === null) this.streams.delete(label);
    else this.streams.set(label, new Generator(state));
  }
}
