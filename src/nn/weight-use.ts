import { UsageError } from "../errors/errors.js";

/** What is known here of a weight: a `Variable`, which asks this file before it takes values. */
interface Weight {
  readonly path: string;
}

/** What a training works on. */
export interface Trained {
  /** The model's name, for messages. */
  readonly name: string;
  /** The model and its optimizer: what two trainings cannot share, whatever its weights. */
  readonly owners: readonly object[];
  /** Weights that the training changes. */
  readonly changed: readonly Weight[];
  /** Weights that it takes for granted. */
  readonly constant: readonly Weight[];
}

/** Weights that are being read, by something that waits for the engine or for a file in between. */
interface Reading {
  readonly weights: ReadonlySet<Weight>;
  readonly done: Promise<unknown>;
}

/** All trainings that have begun and have not ended. */
const trainings = new Set<Training>();
/** All readings that have begun and have not ended. */
const readings = new Set<Reading>();

/**
 * A training that is under way. While it is, no other may change what it works on, and nobody reads weights in the middle of
 * one of its steps.
 */
export class Training {
  private weights: ReadonlySet<Weight> = new Set();
  private changed: ReadonlySet<Weight> = new Set();
  private owners: ReadonlySet<object> = new Set();
  private step: Promise<unknown> | undefined;
  /** How many of those who may change weights in between are at work: callbacks, and the training itself. */
  private atWork = 0;

  private constructor(
    /** What was called, such as `fit`. */
    private readonly call: string,
    private readonly name: string,
  ) {}

  /**
   * Begins a training.
   *
   * @param call what was called, such as `fit`
   * @throws UsageError when another training works on the same
   */
  static begin(call: string, trained: Trained): Training {
    const training = new Training(call, trained.name);
    training.cover(trained);
    trainings.add(training);
    return training;
  }

  /**
   * Says anew what the training works on, once a model that had waited for its input has weights.
   *
   * @throws UsageError when another training works on the same
   */
  cover({ owners, changed, constant }: Trained): void {
    const mine = { changed: new Set(changed), weights: new Set([...changed, ...constant]), owners: new Set(owners) };
    for (const other of trainings) {
      if (other !== this) this.refuseBeside(other, mine);
    }
    this.owners = mine.owners;
    this.changed = mine.changed;
    this.weights = mine.weights;
  }

  private refuseBeside(other: Training, mine: Pick<Reached, "owners" | "changed" | "weights">): void {
    const [weight] = [
      ...shared(mine.changed, other.weights), // It would learn from values that the other one changes, …
      ...shared(mine.weights, other.changed), // … or the other way round.
    ];
    const owner = [...mine.owners].some((one) => other.owners.has(one));
    if (weight === undefined && !owner) return;
    const what = weight === undefined ? "the same model or optimizer" : `the weight "${weight.path}"`;
    throw new UsageError(`${this.call}: the model "${this.name}" is being trained already.`, {
      subject: this.name,
      expected: "one training at a time of a model, its weights and its optimizer",
      received: `${this.call} while ${other.call} of "${other.name}" has not ended, which works on ${what}`,
      advice:
        `Put await before the first call: await model.${other.call}(…).` +
        (other.isOpen ? " A callback cannot train what is being trained." : ""),
    });
  }

  /** Whether it works on some weight. */
  has(weight: Weight): boolean {
    return this.weights.has(weight);
  }

  /** Whether it works with a model or an optimizer. */
  owns(owner: object): boolean {
    return this.owners.has(owner);
  }

  /** Whether weights may be given other values now. */
  get isOpen(): boolean {
    return this.atWork > 0;
  }

  /** The step that is under way. */
  get ongoing(): Promise<unknown> | undefined {
    return this.step;
  }

  /** Runs a step, as soon as nobody reads its weights. */
  async takeStep<T>(work: () => Promise<T>): Promise<T> {
    for (let reading = this.readingNow(); reading !== undefined; reading = this.readingNow()) await reading.done;
    const step = work();
    // Those who wait for its end need not know how it ends.
    this.step = step.catch(() => undefined);
    try {
      return await step;
    } finally {
      this.step = undefined;
    }
  }

  private readingNow(): Reading | undefined {
    return [...readings].find(({ weights }) => shared(weights, this.changed).length > 0);
  }

  /** Lets somebody work who may give weights other values: callbacks between steps. */
  async letWork<T>(work: () => Promise<T>): Promise<T> {
    this.atWork += 1;
    try {
      return await work();
    } finally {
      this.atWork -= 1;
    }
  }

  /** Gives weights the values that the training has found. */
  assign(work: () => void): void {
    this.atWork += 1;
    try {
      work();
    } finally {
      this.atWork -= 1;
    }
  }

  /** Ends the training. */
  end(): void {
    trainings.delete(this);
  }
}

/** What a training reaches. */
interface Reached {
  readonly owners: ReadonlySet<object>;
  readonly changed: ReadonlySet<Weight>;
  readonly weights: ReadonlySet<Weight>;
}

function shared(some: ReadonlySet<Weight>, others: ReadonlySet<Weight>): Weight[] {
  return [...some].filter((weight) => others.has(weight));
}

/**
 * Does work that reads weights, all of them as they are after one whole step where they are being trained; the next step waits
 * until the work is done.
 *
 * @param weights asked for when the work begins
 */
export async function whileReading<T>(weights: () => readonly Weight[], work: () => Promise<T>): Promise<T> {
  const isRead = (training: Training): boolean =>
    training.ongoing !== undefined && weights().some((weight) => training.has(weight));
  for (let busy = [...trainings].find(isRead); busy !== undefined; busy = [...trainings].find(isRead)) {
    await busy.ongoing;
  }
  const working = work();
  const reading: Reading = { weights: new Set(weights()), done: working.catch(() => undefined) };
  readings.add(reading);
  try {
    return await working;
  } finally {
    readings.delete(reading);
  }
}

/**
 * @param call what was asked for, such as `compile`
 * @param owner the model
 * @throws UsageError when it is being trained
 */
export function refuseWhileTrained(call: string, owner: object, name: string): void {
  if (![...trainings].some((training) => training.owns(owner))) return;
  throw new UsageError(`${call}: the model "${name}" is being trained.`, {
    subject: name,
    expected: `${call} before or after the training`,
    received: `${call} while it is under way`,
    advice: "Put await before the training: await model.fit(…).",
  });
}

/**
 * @throws UsageError when a training works on the weight, and it is not a callback's turn: what it would be given is lost with
 * the next step
 */
export function refuseWhileInUse(weight: Weight): void {
  const training = [...trainings].find((one) => one.has(weight));
  if (training === undefined || training.isOpen) return;
  throw new UsageError(`The weight "${weight.path}" is being trained.`, {
    subject: weight.path,
    expected: "other values before or after the training, or in one of its callbacks",
    received: "other values in the middle of it",
    advice: "Put await before the training: await model.fit(…).",
  });
}
