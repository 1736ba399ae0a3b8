import { showWarnings } from "../errors/warn.js";
import { isForMachines, type JobEvent } from "../jobs/events.js";
import type { JobContext } from "../jobs/job.js";
import { harmlessTexts } from "../errors/harmless.js";
import type { Reporter } from "./reporter.js";
import type { Surroundings } from "./surroundings.js";

/** What people are told of a job's events beside what every command says of them; `true` for an event that is dealt with. */
export type Words = (event: JobEvent) => boolean | undefined;

/** What the bar says of a stage. */
const stages = {
  downloading: "Fetching",
  reading: "Looking at the files",
  features: "Passing photos through the network",
  views: "Passing views of photos through the network",
  training: "Epoch",
  "another-part": "Training without another part",
  "all-photos": "Training with all photos",
  comparing: "Comparing with the exact network",
  "learning-curve": "Learning from fewer photos",
  "learning-rate": "Looking for a learning rate",
  trial: "Trying settings",
  evaluating: "Measuring",
  exporting: "Exporting",
  reporting: "Writing the report",
} as const;

/**
 * What a job needs from the command line: its events go to machines as they are, or to people in words.
 *
 * @param words what this command says of events in words of its own
 */
export function contextFor(reporter: Reporter, surroundings: Surroundings, words: Words = () => false): JobContext {
  const context: JobContext = {
    now: () => surroundings.now(),
    parts: surroundings.parts,
    emit(event) {
      if (reporter.json) {
        if (event.event === "progress") reporter.progress(event, { what: stages[event.stage] });
        else if (isForMachines(event)) reporter.event(event);
        return;
      }
      const shown = harmlessTexts(event);
      if (words(shown) === true) return;
      tell(shown, reporter);
    },
  };
  // Those without a code are for people who write programs with Graft.
  showWarnings((message, code) => {
    if (code !== undefined) context.emit({ event: "warning", code, message });
  });
  return context;
}

/** What every command says of an event. */
function tell(event: JobEvent, reporter: Reporter): void {
  switch (event.event) {
    case "progress":
      reporter.progress(event, { what: event.what === undefined ? stages[event.stage] : `Fetching ${event.what}` });
      break;
    case "skipped":
      reporter.skipped(event.path, event.reason);
      break;
    case "warning":
      reporter.warn(event.code, event.message);
      break;
    case "device":
      reporter.say(`Device: ${event.device}.`);
      break;
    default:
  }
}
