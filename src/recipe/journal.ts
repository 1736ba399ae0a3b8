import { FileError } from "../errors/errors.js";
import type { TrainingState } from "../models/training-types.js";

/**
 * Something that a job has done or decided, in the order in which it did.
 *
 * - `value`: what was measured or decided by the time, plain JSON.
 * - `file`: what took long to make: the name by which the store keeps it.
 */
export type JournalItem =
  { readonly what: string; readonly value: unknown } | { readonly what: string; readonly file: string };

/** What a job has done so far: it is gone on from by doing all of it once more, where what took long is taken from here. */
export interface JournalState {
  readonly items: readonly JournalItem[];
  /** The training that was under way. */
  readonly current: { readonly what: string; readonly file: string } | undefined;
}

/** Where a journal is kept. */
export interface JournalStore {
  /**
   * Keeps a state under a new name. It counts from the next {@link commit} on.
   *
   * @returns the name
   * @throws FileError when it cannot be written
   */
  keep(state: TrainingState): Promise<string>;
  /** @throws FileError when it cannot be read, or is not what was kept */
  read(file: string): Promise<TrainingState>;
  /**
   * Makes this what a job will go on from, all of it or nothing; then files that it does not name are removed.
   *
   * @throws FileError when it cannot be written
   */
  commit(state: JournalState): Promise<void>;
}

/** How often a training is saved, beside its end: after so many epochs, and when so many seconds have passed. */
export interface CheckpointEvery {
  readonly epochs: number;
  readonly seconds: number;
}

/** How often unless asked otherwise. */
export const usualCheckpoints: CheckpointEvery = { epochs: 1, seconds: 120 };

/** What a job needs for its journal. */
export interface JournalOptions {
  readonly store: JournalStore;
  /** What the job has done before it was interrupted. */
  readonly past?: JournalState | undefined;
  readonly every: CheckpointEvery;
  /** Once it comes, nothing more is written: what follows is only how the job ends early. */
  readonly signal?: AbortSignal | undefined;
  /** Told once where the journal cannot be written any more; the job goes on. */
  readonly onLost: (error: FileError) => void;
}

/**
 * What a job does, written down while it is done, so that one which was interrupted can be gone on with and comes to the same bytes.
 * All that the recipe computes follows from seed, photos and network; so an interrupted job begins anew, and what took long, or was
 * decided by a clock, comes from the journal: trainings, features of photos, and what was left of the time.
 */
export class Journal {
  private readonly items: JournalItem[];
  private current: JournalState["current"];
  private next = 0;
  private isLost = false;

  constructor(private readonly options: JournalOptions) {
    this.items = [...(options.past?.items ?? [])];
    this.current = options.past?.current;
  }

  get every(): CheckpointEvery {
    return this.options.every;
  }

  /** Whether more is known of what comes: what the job makes now was there before it was interrupted. */
  get isBehind(): boolean {
    return this.next < this.items.length || this.current !== undefined;
  }

  /** Whether nothing is written: the job is being ended early, or there is no room. */
  private get isClosed(): boolean {
    return this.isLost || this.options.signal?.aborted === true;
  }

  /** What a clock says, or what is decided by it: the same as before where the job has been here before. */
  async note<T>(what: string, make: () => T | Promise<T>): Promise<T> {
    const known = this.following(what);
    if (known !== undefined && "value" in known) {
      this.next += 1;
      return known.value as T;
    }
    const value = await make();
    if (!this.isClosed) this.add({ what, value });
    return value;
  }

  /**
   * What takes long to make.
   *
   * @param pack makes a state of it; its tensors are written at once
   * @param unpack makes it of what `pack` gave
   */
  async remember<T>(
    what: string,
    make: () => Promise<T>,
    pack: (made: NonNullable<T>) => TrainingState,
    unpack: (state: TrainingState) => NonNullable<T>,
  ): Promise<T> {
    const known = this.following(what);
    if (known !== undefined && "file" in known) {
      const state = await this.options.store.read(known.file);
      this.next += 1;
      return unpack(state);
    }
    const made = await make();
    // Nothing was made where the job was ended meanwhile.
    if (made !== undefined && made !== null && !this.isClosed) await this.end(what, pack(made));
    return made;
  }

  /**
   * What is known of a training that begins now: how it ended, or where it stood.
   *
   * @returns `undefined` where it has not begun
   */
  async training(what: string): Promise<{ readonly state: TrainingState; readonly ended: boolean } | undefined> {
    const known = this.following(what);
    if (known !== undefined && "file" in known) {
      const state = await this.options.store.read(known.file);
      this.next += 1;
      return { state, ended: true };
    }
    const { current } = this;
    if (current === undefined) return undefined;
    if (current.what !== what) throw divergence(what, current.what);
    const state = await this.options.store.read(current.file);
    this.current = undefined;
    return { state, ended: false };
  }

  /** Saves where a training stands. */
  async save(what: string, state: TrainingState): Promise<void> {
    if (this.isLost) return;
    await this.write(async ({ store }) => {
      const file = await store.keep(state);
      await store.commit({ items: this.items, current: { what, file } });
    });
  }

  /** Saves how a training has ended, or what took long. */
  async end(what: string, state: TrainingState): Promise<void> {
    if (this.isClosed) return;
    await this.write(async ({ store }) => {
      const file = await store.keep(state);
      this.add({ what, file });
      await store.commit({ items: this.items, current: undefined });
    });
  }

  private async write(work: (options: JournalOptions) => Promise<void>): Promise<void> {
    try {
      await work(this.options);
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      // Later items are nothing without this one; what was there before is still whole.
      this.isLost = true;
      this.options.onLost(error);
    }
  }

  private add(item: JournalItem): void {
    this.items.push(item);
    this.next = this.items.length;
  }

  /** What the job did here before; `undefined` where it has not been here. */
  private following(what: string): JournalItem | undefined {
    const known = this.items[this.next];
    if (known !== undefined && known.what !== what) throw divergence(what, known.what);
    return known;
  }
}

function divergence(now: string, then: string): FileError {
  return new FileError("The run does not take the course that its checkpoint was saved on.", {
    subject: "checkpoint",
    expected: `"${then}" next, as before the stop`,
    received: `"${now}"`,
    advice: "The checkpoint was saved by another build of Graft, or is damaged: begin the run anew.",
  });
}
