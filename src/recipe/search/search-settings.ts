import { rangeTest } from "../../training/learning-rate/find-learning-rate.js";
import type { LearningRates } from "../../training/learning-rate/learning-rates.js";
import { weightsFor, weightingOf } from "../class-weights.js";
import { errorsFor } from "../evidence.js";
import type { FineTuneEvent, FineTuneJob } from "../fine-tune-types.js";
import { staysFrozen } from "../plan.js";
import { compile } from "../stepped-training.js";
import { announce, isMaterial, isStopped, type Material, secondsLeft, type Stage, type Work } from "../stages/stage.js";
import { stepsOf } from "../stages/tuning.js";
import { drawSettings } from "./search-space.js";
import { finishTrial, secondsToFinish } from "./finish-trial.js";
import { heldOutOf, isBetter, mayBeTaken, pickTrial } from "./pick-trial.js";
import type { Search, Trial, TrialSettings } from "./search-types.js";
import type { TakenTrial } from "./taken-trial.js";
import { trialRow } from "./trial-row.js";
import { type Outcome, outcomeOfHead, trySettings, withSettings, workWith } from "./try-settings.js";

/** Share of the time that the range test may take, and its steps: with fewer the curve says nothing. */
const rangeTestShare = 0.2;
const rangeTestSteps = { most: 100, fewest: 30 } as const;
/** A share of a step's time that an epoch's validation adds, roughly; only the first trial is planned with it. */
const validating = 1.15;
/** How much longer a trial takes that trains one stage more, until one has been timed. */
const anotherStage = 2;
/** Share of the time that is planned with: steps take longer now and then. */
const plannedShare = 0.9;
/** So many draws in a row that do not fit end the search. */
const mostDraws = 20;
/** No search takes longer than this many trials: what is to be learned from the photos has been learned by then. */
const mostTrials = 200;

/** Tries settings for as long as there is time, the defaults first, and chooses by the validation photos. */
export const searchSettings: Stage = async (work) => {
  const { head, job } = work;
  if (head === undefined || isStopped(job)) return undefined;
  if (!isMaterial(work)) {
    tellOfTime(job, "the network stays as it is");
    return undefined;
  }
  const search = new SettingsSearch(work);
  await search.run();
  work.search = search.result;
  work.taken = search.taken;
  // Whoever stops the job is given what has been found by then.
  return isStopped(job) && search.taken !== undefined ? finishTrial(work, search.taken) : undefined;
};

/** Says that the time is too short for more than one training. */
function tellOfTime({ onEvent }: FineTuneJob, instead: string): void {
  onEvent?.({
    ...{ event: "warning", code: "no-search" },
    message: `There is no time to try settings: ${instead}.`,
  });
}

/** One search. */
class SettingsSearch {
  private readonly trials: Trial[] = [];
  /** What came of each of them; `undefined` where it has lost its numbers. */
  private readonly outcomes: (Outcome | undefined)[] = [];
  private readonly defaults: TrialSettings;
  private rates: LearningRates | undefined;
  /** Seconds of a step, and its photos, for each layer from which on the network was trained. */
  private readonly pace = new Map<string, { readonly seconds: number; readonly batchSize: number }>();

  constructor(private readonly work: Material) {
    const { job, plan, head } = work;
    const frozen = staysFrozen(head.weightedAccuracy, head.heldOut.truth.length, job);
    const { learningRate, epochs, batchSize } = plan;
    this.defaults = { learningRate, epochs, batchSize, unfreeze: frozen ? "none" : lastStage(work) };
  }

  async run(): Promise<void> {
    const { work, defaults } = this;
    announce(work, "search");
    const learning = { ...defaults, unfreeze: lastStage(work) };
    const step = await withSettings(quiet(work), learning, async ({ work: own, tuning }) =>
      tuning.secondsAStep(own.views.training),
    );
    this.pace.set(learning.unfreeze, { seconds: validating * step, batchSize: defaults.batchSize });
    // Where there is no time to train once more after it, the trial itself is taken.
    if (this.secondsOf(defaults) > plannedShare * secondsLeft(work)) {
      this.tellOfTime(defaults);
      return;
    }
    await this.tryOut(defaults);
    if (!this.goesOn()) return;
    if (defaults.unfreeze !== "none") await this.tryOut({ ...defaults, unfreeze: "none" });
    if (this.goesOn()) await this.findRates(learning, step);
    const random = work.random.stream("search");
    const { sets } = work;
    const space = {
      ...{ defaults: learning, stages: this.stages, found: this.rates?.steepest },
      photos: sets.training.photos.length,
    };
    let draws = 0;
    while (draws < mostDraws && this.trials.length < mostTrials && this.goesOn()) {
      const settings = drawSettings(space, random);
      draws += 1;
      if (this.isKnown(settings) || !this.fits(settings)) continue;
      draws = 0;
      await this.tryOut(settings);
    }
  }

  /** What has been found so far; `undefined` where there was not even time to look at the defaults. */
  get result(): Search | undefined {
    const { chosen } = this;
    if (chosen === undefined) return undefined;
    const { time = Number.POSITIVE_INFINITY } = this.work.job;
    return { time, trials: this.trials, chosen, errors: this.errors, rates: this.rates };
  }

  /** The trial that is chosen so far, where it has made something better than the head. */
  get taken(): TakenTrial | undefined {
    const { chosen, outcomes, work } = this;
    const reached = chosen && outcomes[chosen.trial - 1]?.reached;
    if (chosen === undefined || reached === undefined) return undefined;
    const { settings, seconds } = chosen;
    return { settings, seconds, ...reached, heldOut: heldOutOf(outcomes, work.heads.parts[0].folds) };
  }

  /** Lets go of the weights of trials that will not be taken. */
  private forgetOthers(): void {
    const left = mayBeTaken(this.outcomes);
    for (const [index, outcome] of this.outcomes.entries()) {
      if (outcome !== undefined && !left.includes(index)) this.outcomes[index] = { ...outcome, reached: undefined };
    }
  }

  private get stages(): readonly string[] {
    return this.work.job.backbone.stages.toReversed();
  }

  private get errors(): number {
    return errorsFor(this.trials.length - 1);
  }

  private get chosen(): Trial | undefined {
    return this.trials[pickTrial(this.outcomes)];
  }

  private goesOn(): boolean {
    return !isStopped(this.work.job) && secondsLeft(this.work) > 0;
  }

  private isKnown(settings: TrialSettings): boolean {
    return this.trials.some((trial) => JSON.stringify(trial.settings) === JSON.stringify(settings));
  }

  /** Whether there is time for a trial, and then to finish it or the one that is chosen so far. */
  private fits(settings: TrialSettings): boolean {
    return this.needs(settings) < secondsLeft(this.work);
  }

  /** How long both take, in seconds. */
  private needs(settings: TrialSettings): number {
    const seconds = this.secondsOf(settings);
    return (seconds + secondsToFinish(this.work, Math.max(seconds, this.taken?.seconds ?? 0))) / plannedShare;
  }

  /** How long a trial will take. */
  private secondsOf({ unfreeze, epochs, batchSize }: TrialSettings): number {
    const { sets, featureSeconds } = this.work;
    if (unfreeze === "none") return 0;
    const steps = epochs * Math.ceil(sets.training.photos.length / batchSize);
    const known = this.pace.get(unfreeze);
    const pace = known ?? this.pace.get(lastStage(this.work));
    if (pace === undefined) return Infinity;
    // A step with fewer photos is hardly faster: weights are as many.
    const seconds = steps * pace.seconds * Math.max(1, batchSize / pace.batchSize);
    // What comes before another layer has not been kept yet: photos cross it by the way, once for each of their views.
    return known === undefined ? anotherStage * seconds + epochs * featureSeconds : seconds;
  }

  /** Says which time would be enough. */
  private tellOfTime(settings: TrialSettings): void {
    const { job } = this.work;
    const { time = 0 } = job;
    const missing = this.needs(settings) - secondsLeft(this.work);
    const enough = Math.ceil((time + missing) / 60);
    tellOfTime(job, `the defaults are taken, as far as there is time. --time ${enough}m would be enough for some`);
  }

  private async findRates(settings: TrialSettings, step: number): Promise<void> {
    const steps = Math.min(rangeTestSteps.most, Math.floor((rangeTestShare * secondsLeft(this.work)) / step));
    if (steps < rangeTestSteps.fewest) return;
    const { job, sets } = this.work;
    announce(this.work, "learning-rate");
    const learned = sets.training.photos.map(({ classIndex }) => classIndex);
    this.rates = await withSettings(quiet(this.work), settings, async ({ work, loops, tuning }) => {
      compile(tuning.model, settings.learningRate);
      return rangeTest(loops, tuning.model, work.views.training, {
        ...{ steps, signal: job.signal, trunkPrecision: job.trunkPrecision },
        classWeight: weightsFor(weightingOf(job), learned),
        onStep: (done, total) => {
          job.onEvent?.({ event: "progress", stage: "learning-rate", unit: "steps", done, total });
        },
      });
    });
  }

  private async tryOut(settings: TrialSettings): Promise<void> {
    const { work } = this;
    const started = performance.now();
    const trial = this.trials.length + 1;
    const steps = settings.epochs * stepsOf(workWith(work, settings), work.sets.training.photos);
    const made =
      settings.unfreeze === "none" ? outcomeOfHead(work) : await trySettings(telling(work, trial, steps), settings);
    if (made === undefined) return;
    const outcome = "cause" in made ? undefined : made;
    const seconds = (performance.now() - started) / 1000;
    const { unfreeze, batchSize } = settings;
    if (unfreeze !== "none") this.pace.set(unfreeze, { seconds: seconds / steps, batchSize });
    const { loss = null, accuracy = null } = outcome ?? {};
    const own = { trial, settings, loss, accuracy, seconds };
    const [first] = this.outcomes;
    const told: Trial = {
      ...own,
      better:
        trial > 1 &&
        outcome !== undefined &&
        isBetter(outcome.losses, first?.losses, { trials: trial, classes: work.job.classes.length }),
    };
    this.outcomes.push(outcome);
    this.trials.push(told);
    this.forgetOthers();
    work.job.onEvent?.({ event: "trial", ...trialRow(told), seconds_left: Math.max(0, secondsLeft(work)) });
  }
}

/** From which layer on a network is trained unless asked otherwise. */
export function lastStage({ job }: Pick<Work, "job">): string {
  return job.backbone.stages.at(-1) ?? "all";
}

/** The same material, of whose trainings nobody hears. */
function quiet(work: Material): Material {
  return { ...work, job: { ...work.job, onEvent: undefined } };
}

/** The same material, whose trainings tell only how far the trial is. */
function telling(work: Material, trial: number, total: number): Material {
  let done = 0;
  const onEvent = (event: FineTuneEvent): void => {
    if (event.event !== "progress") return;
    done += 1;
    const seconds_left = Math.max(0, secondsLeft(work));
    work.job.onEvent?.({ event: "progress", stage: "trial", unit: "steps", done, total, trial, seconds_left });
  };
  const job: FineTuneJob = { ...work.job, onEvent };
  return { ...work, job };
}
