import { join } from "node:path";
import { count, quotedList } from "../errors/words.js";
import type { JobEvent } from "../jobs/events.js";
import type { Repetition } from "../jobs/repetition.js";
import type { FinishedRun } from "../jobs/finished-run.js";
import type { FineTuneResult } from "../recipe/fine-tune-types.js";
import type { Search } from "../recipe/search/search-types.js";
import type { Weighting } from "../recipe/class-weights.js";
import { type Evaluation, perClassText } from "../report/confusion.js";
import { harmlessLine } from "../errors/harmless.js";
import { rateText } from "../report/learning-rate-svg.js";
import { stageTexts } from "../report/stage-texts.js";
import { tuningTable } from "../report/tuning-table.js";
import { pad } from "../report/text-table.js";
import { accuracyText, duration, percent } from "../report/words.js";
import { runFiles } from "../runs/run-files.js";
import type { Reporter } from "./reporter.js";

/** Epochs of a small folder take milliseconds: a line a second is enough to follow, in ms. */
const lineEvery = 1000;

/** Puts the events of a training into words. */
export class TrainWords {
  private lastLine = Number.NEGATIVE_INFINITY;
  /** The epoch that the model was of that was written last. */
  private lastModel: number | undefined;

  constructor(
    private readonly reporter: Reporter,
    private readonly now: () => number,
  ) {}

  readonly tell = (event: JobEvent): boolean => {
    switch (event.event) {
      case "resumed":
        this.reporter.say(
          `Going on with ${event.run}, from what was saved on ${event.saved.slice(0, 19).replace("T", " at ")} UTC.`,
        );
        return true;
      case "photos":
        this.reporter.say(photosText(event));
        return true;
      case "loaded":
        this.reporter.say(harmlessLine(networkText(event)));
        return true;
      case "weighting":
        // Names of classes are keys of its record, which are as the folders have them.
        this.reporter.say(harmlessLine(weightingText(event)));
        return true;
      case "left-frozen":
        this.reporter.say(
          `The new classifier is right on ${percent(event.val_accuracy)} of the photos that were held out: the network stays frozen ` +
            "(--unfreeze with a layer's name trains it in any case).",
        );
        return true;
      case "not-better":
        this.reporter.say("Photos that were held out do not say that it is better: what was there before is kept.");
        return true;
      case "progress":
        return this.progress(event);
      case "stage":
        this.reporter.say(stageText(event));
        return true;
      case "trial":
        this.reporter.say(trialText(event));
        return true;
      case "epoch":
        this.epoch(event);
        return true;
      case "model":
        this.model(event);
        return true;
      case "error":
        this.reporter.say(event.message);
        return true;
      default:
        return false;
    }
  };

  private progress(event: Extract<JobEvent, { event: "progress" }>): boolean {
    if (event.stage === "evaluating") {
      this.reporter.progress(event, { what: "Testing" });
      return true;
    }
    if (event.stage === "trial") {
      const { trial = 0, seconds_left = 0 } = event;
      this.reporter.progress(event, { what: `Trial ${trial}`, note: `${duration(seconds_left)} left in all` });
      return true;
    }
    if (event.stage !== "training") return false;
    const { epoch, epochs, loss, accuracy } = event;
    const figures = [
      loss === undefined ? undefined : `loss ${loss.toFixed(3)}`,
      accuracy === undefined ? undefined : `accuracy ${percent(accuracy)}`,
    ].filter((text) => text !== undefined);
    const note = figures.length === 0 ? undefined : figures.join(", ");
    this.reporter.progress(event, { what: `Epoch ${epoch ?? "?"}/${epochs ?? "?"}`, note });
    return true;
  }

  /**
   * The first one, and that there is one at all, is said by the table at the end. No figures: those of a later stage may be of other
   * photos, which cannot be compared.
   */
  private model({ path, epoch }: Extract<JobEvent, { event: "model" }>): void {
    // What has learned from all photos has the figures of what photos have measured before it, and no photos of its own that say so.
    const isMeasured = epoch !== this.lastModel;
    this.lastModel = epoch;
    if (!isMeasured) this.reporter.say(`${path} is written anew: the training with all photos has ended.`);
    else if (epoch > 1) this.reporter.say(`${path} is better now, as photos say that were held out.`);
  }

  private epoch(row: Extract<JobEvent, { event: "epoch" }>): void {
    const now = this.now();
    if (now - this.lastLine < lineEvery) return;
    this.lastLine = now;
    this.reporter.say(
      `Epoch ${String(row.epoch).padStart(3)}  loss ${row.loss.toFixed(3)}, accuracy ${percent(row.accuracy)}; ` +
        `validation loss ${row.val_loss.toFixed(3)}, accuracy ${percent(row.val_accuracy)}; ${duration(row.seconds)}`,
    );
  }
}

function stageText({ stage, seconds_left }: Extract<JobEvent, { event: "stage" }>): string {
  if (seconds_left === null) return stageTexts[stage];
  return `${stageTexts[stage]} ${seconds_left > 0 ? `${duration(seconds_left)} left.` : "The time that was given is over."}`;
}

function trialText(event: Extract<JobEvent, { event: "trial" }>): string {
  const { trial, unfreeze, learning_rate, epochs, batch_size, loss, accuracy, better, seconds, seconds_left } = event;
  const what =
    unfreeze === "none"
      ? "the new classifier alone"
      : `from ${unfreeze} on, rate ${rateText(learning_rate)}, ${count(epochs, "epoch")}, ${count(batch_size, "photo")} a step`;
  const figures =
    loss === null || accuracy === null
      ? "the training has lost its numbers"
      : `loss ${loss.toFixed(4)}, accuracy ${percent(accuracy)}${better ? ", better than the defaults" : ""}`;
  return `Trial ${trial}: ${what}: ${figures}; ${duration(seconds)}. ${duration(seconds_left)} left.`;
}

function photosText({ classes, training, validation, test, division }: Extract<JobEvent, { event: "photos" }>): string {
  const total = training.length + validation.length + test.length;
  return (
    `${count(total, "photo")} of ${count(classes.length, "class", "classes")} (${quotedList(classes)}): ` +
    `${training.length} to train with, ${validation.length} to validate with` +
    (division === "drawn" ? " (drawn by the seed)" : "") +
    (test.length > 0 ? `, ${test.length} to test with.` : ".")
  );
}

/** Which network it is, and what is done to photos for it. */
function networkText(event: Extract<JobEvent, { event: "loaded" }>): string {
  const {
    network,
    image_size: size,
    preprocess,
    preprocess_source: source,
    crop = 1,
    keep_proportions: square,
    interpolation,
  } = event;
  const part = crop === 1 ? "" : `the middle ${percent(crop)} of `;
  const seen = square === true ? `, ${part}the square in the middle of each photo` : part && `, ${part}each photo`;
  const between = interpolation === undefined ? "" : `, ${interpolation}`;
  const pixels = source === undefined ? "" : `; pixels: ${preprocess}, by ${source}`;
  return `Network: ${network}, ${size} × ${size} pixels${seen}${between}${pixels}.`;
}

function weightingText({ kind, asked, smallest, largest, weights }: Extract<JobEvent, { event: "weighting" }>): string {
  if (kind === "given") {
    const all = Object.entries(weights).map(([name, weight]) => `"${name}" ${weight.toPrecision(3)}`);
    const shown = all.slice(0, 8).join(", ");
    return `Photos count by the weights that were given to their classes: ${shown}${all.length > 8 ? ", …" : ""}.`;
  }
  const numbers = `from ${count(smallest.photos, "photo")} ("${smallest.label}") to ${largest.photos} ("${largest.label}")`;
  return (
    `Classes have ${numbers} to learn from: each class counts alike` +
    (asked ? ", as asked." : ", or small ones would be missed (--class-weights none lets each photo count alike).")
  );
}

/** What 8 bits cost. */
function trunkText({
  convolutions,
  of,
  moved,
  val_accuracy,
  exact_val_accuracy,
}: NonNullable<FineTuneResult["trunk"]>): string {
  return (
    `${convolutions} of ${of} frozen convolutions; what the classifier sees moves by ${percent(moved)}; ` +
    `validation accuracy ${percent(val_accuracy)} with it` +
    (exact_val_accuracy === undefined ? "" : `, ${percent(exact_val_accuracy)} exactly`)
  );
}

/** What twice as many photos would bring. */
function moreText({ now, doubled }: NonNullable<FineTuneResult["learningCurve"]>): string {
  const { value, low, high } = doubled.accuracy;
  return (
    `twice as many photos: about ${percent(value)} (now ${percent(now.accuracy.value)}; ` +
    `95 % interval: ${(100 * low).toFixed(1)} to ${percent(high)}), by the network as it was`
  );
}

function testText({ accuracy, balancedAccuracy, photos, loss }: Evaluation): string {
  return `accuracy ${accuracyText(accuracy, photos)}, balanced ${percent(balancedAccuracy)}, loss ${loss.toFixed(3)}`;
}

/** How much photos counted by their class, where it was not alike. */
function weightsText({ kind, asked }: Weighting): string | undefined {
  if (kind === "none") return undefined;
  const why = asked ? "" : ", for classes differ in size";
  const how = kind === "balanced" ? "each class counts alike" : "photos count by their class";
  return `${kind}${why}: ${how}, in these losses too`;
}

/** What a search over settings has ended in. */
function searchText({ trials, chosen }: Search, unfrozenFrom: string): string {
  const taken = chosen.trial === 1 ? "the defaults were taken" : `those of trial ${chosen.trial} were taken`;
  // The recipe takes settings, and then the better of what they give and the new classifier.
  const kept = unfrozenFrom === "none" && chosen.settings.unfreeze !== "none";
  return `${count(trials.length, "setting")} tried; ${taken}${kept ? ", which are not clearly better than the new classifier alone: that is kept" : ""}`;
}

/** Whether a repetition has given the same bytes; if not, what may be why. */
export function repetitionText({ run, same_model, same_history, differences }: Repetition): string {
  const history = same_history === null ? "" : `, history.csv ${same_history ? "says the same" : "has other figures"}`;
  if (same_model) return `\n${harmlessLine(`Repeated: model.onnx has the same bytes as that of ${run}${history}.`)}`;
  const why =
    differences.length === 0
      ? "Versions and machine are the same, as far as they are known."
      : `What was not as it was: ${differences.join("; ")}.`;
  return `\n${harmlessLine(`Not the same: model.onnx has other bytes than that of ${run}${history}. ${why}`)}`;
}

/** The short table at the end, and one of the classes. */
export function trainSummary({
  run,
  photos,
  weighting,
  result,
  held,
  test,
  skipped,
  seconds,
  report,
}: FinishedRun): string {
  const { best, photos: read, trunk, learningCurve, search } = result;
  const numbers = [
    `${read.training} to train with`,
    `${read.validation} to validate with`,
    test === undefined ? undefined : `${test.photos} to test with`,
    skipped.length === 0 ? undefined : `${skipped.length} skipped`,
  ].filter((text) => text !== undefined);
  const { classes } = photos;
  const rows: readonly (readonly [name: string, text: string | undefined])[] = [
    ["photos", numbers.join(", ")],
    ["classes", `${classes.length}: ${classes.slice(0, 8).join(", ")}${classes.length > 8 ? ", …" : ""}`],
    ["weights", weightsText(weighting)],
    ["best epoch", `${result.bestEpoch} of ${result.epochs.length}`],
    ["training", `accuracy ${percent(best.accuracy)}, loss ${best.loss.toFixed(3)}`],
    [
      "held out",
      `accuracy ${accuracyText(best.val_accuracy, held.photos, test?.photos)}, loss ${best.val_loss.toFixed(3)}`,
    ],
    ["balanced", `accuracy ${percent(held.balancedAccuracy)}, the mean of what is recognised of each class`],
    ["probable", `off by ${percent(held.calibrationError)} on the mean (expected calibration error)`],
    ["test", test && testText(test)],
    ["settings", search && searchText(search, result.unfrozenFrom)],
    ["more", learningCurve && moreText(learningCurve)],
    ["8 bits", trunk && trunkText(trunk)],
    ["time", duration(seconds)],
    ["model", join(run, runFiles.model)],
    ["report", report],
    ["curves", join(run, runFiles.curves)],
    ["", learningCurve && join(run, runFiles.learningCurve)],
    [
      "tried",
      search && [runFiles.tuning, runFiles.tuningTable, runFiles.tuningPlot].map((name) => join(run, name)).join(", "),
    ],
    ["record", `${join(run, runFiles.record)}, ${join(run, runFiles.history)}`],
  ];
  const facts = rows.flatMap(([name, text]) => (text === undefined ? [] : [`${pad(name, 10)}  ${harmlessLine(text)}`]));
  const tried =
    search === undefined ? [] : ["", "What was tried, measured by the validation photos:", tuningTable(search)];
  return [...facts, ...tried, "", "Held out, class by class:", perClassText(held)].join("\n");
}
