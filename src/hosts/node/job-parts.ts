import type { JobParts } from "../../jobs/parts.js";
import type { FineTuneOptions } from "../../recipe/fine-tune-types.js";
import type { Followed, Part } from "../../recipe/fine-tune.js";
import type { FactBook, Machine } from "../../training/machine.js";

/**
 * The machine as jobs see it.
 *
 * @param measured what a job writes down of what is measured on it
 */
async function jobMachine(measured: FactBook | undefined): Promise<Machine> {
  const { createNodeMachine } = await import("./platform.js");
  const machine = createNodeMachine();
  // What models print is no result of a command.
  const print = (line: string): void => {
    machine.warn(line);
  };
  if (measured === undefined) return { ...machine, print };
  const machineFact: Machine["machineFact"] = (name, engine, measure) =>
    measured.take(name, () => machine.machineFact(name, engine, measure));
  return { ...machine, print, machineFact };
}

/** A part of the recipe, which others go on from. */
export async function fineTuneInPart(options: FineTuneOptions, part: Part): Promise<Followed> {
  const [recipe, machine] = await Promise.all([import("../../recipe/fine-tune.js"), jobMachine(options.measured)]);
  return recipe.fineTuneInPart({ ...options, machine }, part);
}

/** The real thing. Each part is imported when it is used: `--help` waits for none, and `predict` not for the training. */
export const jobParts: JobParts = {
  async networkRecords() {
    return (await import("../../applications/networks.js")).networkRecords();
  },
  async networkSpeeds() {
    return (await import("./network-speeds.js")).networkSpeeds;
  },
  async versions() {
    return (await import("./versions.js")).versions();
  },
  async createRuntime(name) {
    const [{ chooseDevice }, { createNodeRuntime }] = await Promise.all([
      import("../../runtime/node/devices.js"),
      import("../../runtime/node/runtime.js"),
    ]);
    return createNodeRuntime({ device: await chooseDevice(name) });
  },
  async prepareReading() {
    await (await import("../../photos/decode-pool.js")).decodePool.prepare();
  },
  async loadBackbone(request) {
    return (await import("../../applications/load-backbone.js")).loadBackbone(request);
  },
  async inspectNetwork(request) {
    return (await import("../../applications/load-backbone.js")).inspectNetwork(request);
  },
  async fineTune(options) {
    const [{ fineTune }, machine] = await Promise.all([
      import("../../recipe/fine-tune.js"),
      jobMachine(options.measured),
    ]);
    return fineTune({ ...options, machine });
  },
  async measureExactly(options, finished) {
    const [{ measureExactly }, machine] = await Promise.all([
      import("../../recipe/measure-exactly.js"),
      jobMachine(options.measured),
    ]);
    return measureExactly({ ...options, machine }, finished);
  },
  async probabilitiesInMemory(options, model, photos) {
    const [{ probabilitiesInMemory }, machine] = await Promise.all([
      import("../../recipe/probabilities-in-memory.js"),
      jobMachine(options.measured),
    ]);
    return probabilitiesInMemory({ ...options, machine }, model, photos);
  },
  async exportClassifier(finished) {
    return (await import("../../recipe/export-classifier.js")).exportClassifier(finished);
  },
  async activations() {
    return import("./activation-store.js");
  },
  async openClassifier(runtime, path, photos) {
    return (await import("../../recipe/open-classifier.js")).openClassifier(runtime, path, photos);
  },
  async openExportable(path) {
    return (await import("../../recipe/export/exportable.js")).openExportable(path);
  },
  async openExplainer(runtime, path, method) {
    return (await import("../../recipe/explain/open-explainer.js")).openExplainer(runtime, path, method);
  },
};
