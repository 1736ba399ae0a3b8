import { Generator, type GeneratorState } from "./generator.js";
import type { RandomSource } from "./seed.js";

/** Random streams by name; each goes on where it stood, from call to call. */
export class OngoingStreams {
  private readonly streams = new Map<string, Generator>();
  /** How often the seed had been set when the streams began. */
  private seeded: number;

  constructor(private readonly source: RandomSource) {
    this.seeded = source.timesSeeded;
  }

  /** Begins all streams again where the seed has been set since they began. */
  refresh(): void {
    if (this.seeded === this.source.timesSeeded) return;
    this.streams.clear();
    this.seeded = this.source.timesSeeded;
  }

  /** The stream of the given name. */
  of(label: string): Generator {
    const stream = this.streams.get(label) ?? this.source.stream(label);
    this.streams.set(label, stream);
    return stream;
  }

  /** Where a stream stands; `null` for one that has not begun. */
  save(label: string): GeneratorState | null {
    return this.streams.get(label)?.save() ?? null;
  }

  /** Has a stream go on from what {@link save} gave. */
  restore(label: string, state: GeneratorState | null): void {
    if (state === null) this.streams.delete(label);
    else this.streams.set(label, new Generator(state));
  }
}
