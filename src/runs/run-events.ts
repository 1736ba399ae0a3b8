import type { FileError } from "../errors/errors.js";
import { harmlessName } from "../errors/harmless.js";
import { count } from "../errors/words.js";
import { decodeAhead } from "../photos/decode-ahead.js";
import { pathWithin } from "../photos/prepare-photos.js";
import type { EpochRow, FineTuneEvent, HeldOut } from "../recipe/fine-tune-types.js";
import type { Evaluation } from "../report/confusion.js";
import { worstMistakes } from "../report/chosen-photos.js";
import { confusionPicture } from "../report/confusion-picture.js";
import { markdownName, markdownTable } from "../report/markdown.js";
import { type SaidOfPhoto, saidOfPhoto } from "../report/said-of-photo.js";
import { stageTexts } from "../report/stage-texts.js";
import { thumbnail } from "../report/thumbnail.js";
import { percent } from "../report/words.js";
import { type HParam, sessionEnd, sessionStart } from "../training/event-files/hparams.js";
import { image, scalar, type Summary, text } from "../training/event-files/summaries.js";
import { EventLog } from "./event-log.js";

/** Mistakes that are shown. */
const mostMistakes = 8;
/** The longer side of a photo that is shown, in pixels. */
const photoSide = 224;
/** Of more classes the table of the confusion is left out. */
const mostInTable = 20;

const confusionTag = "confusion";

/** What the events of a run need to know. */
export interface RunEventsOptions {
  /** The run's folder. */
  readonly run: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Name of this computer. */
  readonly host: string;
  /** Names of the classes. */
  readonly classes: readonly string[];
  /** The folder of the photos, within which they are named. */
  readonly directory: string;
  /** Whether the run was stopped, and has written some of them. */
  readonly resumed: boolean;
  /** Whether nothing more is to be written: what follows is only how the run ends early, and is done again when it is gone on with. */
  readonly isClosed: () => boolean;
  readonly onLost: (error: FileError) => void;
}

/** The figures of the classifier that a run has come to, by the names of `graft train --json`. */
export interface FinalFigures {
  /** The epoch whose weights were kept. */
  readonly epoch: number;
  readonly figures: Readonly<Record<string, number | undefined>>;
  readonly heldOut: HeldOut;
}

/**
 * What `graft train` writes for TensorBoard: the figures of epochs under the names of Keras's callback, in `train` and `validation`; beside them
 * the stages, the confusion, the worst mistakes, settings and what came of them.
 */
export class RunEvents {
  private readonly log: EventLog;
  private epochs = 0;

  private constructor(private readonly options: RunEventsOptions) {
    this.log = new EventLog(options.run, options);
  }

  /** Begins them, or goes on with those of a run that was stopped. */
  static async open(options: RunEventsOptions): Promise<RunEvents> {
    const events = new RunEvents(options);
    if (options.resumed) await events.log.reopen();
    return events;
  }

  /**
   * With what the run was begun.
   *
   * @param settings by name; those that were left to the recipe are `null`, and no line of TensorBoard's table
   */
  begin(settings: Readonly<Record<string, HParam | null>>, started: Date): void {
    const given = Object.entries(settings).flatMap(([name, value]): [string, HParam][] =>
      value === null ? [] : [[name, value]],
    );
    this.add("run", 0, [sessionStart(Object.fromEntries(given), started.getTime() / 1000)]);
  }

  /** What the recipe tells. */
  hear(event: FineTuneEvent): void {
    if (event.event === "stage") {
      this.add("run", this.epochs, [text(`stage/${event.stage}`, stageTexts[event.stage])]);
    } else if (event.event === "trial") {
      const { trial, loss, accuracy, learning_rate } = event;
      const figures = Object.entries({ loss, accuracy, learning_rate });
      const known = figures.flatMap(([name, value]) => (value === null ? [] : [scalar(`trial_${name}`, value)]));
      this.add("run", trial, known);
    } else if (event.event === "epoch") this.epoch(event);
  }

  private epoch({ epoch, loss, accuracy, val_loss, val_accuracy, learning_rate }: EpochRow): void {
    this.epochs = epoch;
    const figures = (all: Readonly<Record<string, number>>): Summary[] =>
      Object.entries(all).map(([name, value]) => scalar(`epoch_${name}`, value));
    this.add("training", epoch, figures({ loss, accuracy, learning_rate }));
    this.add("validation", epoch, figures({ loss: val_loss, accuracy: val_accuracy }));
  }

  /** A classifier that is better than those before: what photos that were held out were taken for. */
  async better(epoch: number, found: Pick<Evaluation, "confusion" | "perClass">): Promise<void> {
    // What was reached once is reached again by a run that is gone on with.
    if (this.options.isClosed() || this.log.has("run", epoch, confusionTag)) return;
    const picture = await confusionPicture(found);
    this.add("run", epoch, [image(confusionTag, { ...picture, description: confusionTable(found) })]);
  }

  /** The run has come to its end. */
  async finish({ epoch, figures, heldOut }: FinalFigures): Promise<void> {
    const known = Object.entries(figures).flatMap(([name, value]) =>
      value === undefined ? [] : [scalar(`final_${name}`, value)],
    );
    this.add("run", epoch, known);
    await this.mistakes(epoch, heldOut);
    this.add("run", epoch, [sessionEnd(this.options.now() / 1000)]);
  }

  private async mistakes(epoch: number, { measuredWith, truth, probabilities }: HeldOut): Promise<void> {
    if (this.options.isClosed()) return;
    const photos = new Map(measuredWith.map((photo) => [photo.path, photo]));
    const all = measuredWith.map(({ path }, index) => saidOfPhoto(path, truth[index] ?? 0, probabilities[index] ?? []));
    const items = worstMistakes(all, mostMistakes).flatMap((mistake, place) => {
      const photo = photos.get(mistake.path);
      return photo === undefined ? [] : [{ ...photo, mistake, place }];
    });
    // A photo that has gone meanwhile was named by who missed it.
    for await (const decoded of decodeAhead(items, { resizedTo: photoSide })) {
      if (!("photo" in decoded)) continue;
      const { mistake, place } = decoded.item;
      const small = await thumbnail(decoded.photo, photoSide);
      const picture = { ...small, title: this.inWords(mistake), description: this.described(mistake) };
      // The tag is the same in each run: TensorBoard lays the pictures of one tag beside each other.
      this.add("run", epoch, [image(`worst_mistakes/${place + 1}`, picture)]);
    }
  }

  private label(index: number): string {
    return this.options.classes[index] ?? String(index);
  }

  private inWords({ truth, said: [first] }: SaidOfPhoto): string {
    const [own, other] = [harmlessName(this.label(truth)), harmlessName(this.label(first.classIndex))];
    return `${own} taken for ${other}, ${percent(first.probability)}`;
  }

  private described({ path, truth, probability, said: [first] }: SaidOfPhoto): string {
    const [own, other] = [markdownName(this.label(truth)), markdownName(this.label(first.classIndex))];
    const within = markdownName(pathWithin(this.options.directory, path));
    return `${within} is ${own} (${percent(probability)}), and was taken for ${other} (${percent(first.probability)}).`;
  }

  private add(folder: "run" | "training" | "validation", step: number, summaries: readonly Summary[]): void {
    if (!this.options.isClosed()) this.log.add(folder, step, summaries);
  }

  /** Waits until all of it is written. */
  async settled(): Promise<void> {
    await this.log.settled();
  }

  /** Removes what was written for a run that has come to nothing. */
  async remove(): Promise<void> {
    await this.log.remove();
  }
}

/** The confusion for who cannot see the picture, or has no font for its names; `undefined` where there are too many classes. */
function confusionTable({ confusion, perClass }: Pick<Evaluation, "confusion" | "perClass">): string | undefined {
  if (perClass.length > mostInTable) return undefined;
  const photos = confusion.flat().reduce((sum, number) => sum + number, 0);
  const names = perClass.map(({ label }) => markdownName(label));
  const rows = confusion.map((row, index) => [names[index] ?? "", ...row.map(String)]);
  return `What ${count(photos, "photo")} that ${photos === 1 ? "was" : "were"} held out ${photos === 1 ? "was" : "were"} taken for: a line for each class, a column for each answer.\n\n${markdownTable(["", ...names], rows)}`;
}
