import type { Backbone, NetworkRecord } from "../applications/backbone.js";
import type { PreprocessMode } from "../applications/preprocess.js";
import type { BaseModel } from "../models/base-model.js";
import type { Runtime } from "../runtime/runtime.js";
import type * as featureStore from "../hosts/node/activation-store.js";
import type { Classifier } from "../recipe/classifier.js";
import type { FineTuneOptions, FineTuneResult } from "../recipe/fine-tune-types.js";

/** Which network to load. */
export interface BackboneRequest {
  /** A name, or the path of an `.onnx` file. */
  readonly network: string;
  readonly weights?: string;
  readonly preprocess?: PreprocessMode;
  readonly imageSize?: number;
  readonly onProgress?: (progress: {
    readonly what: string;
    readonly received: number;
    readonly total: number | undefined;
  }) => void;
}

/** All of Graft that the commands use. */
export interface Engine {
  /** Networks that have names. */
  networkRecords(): Promise<readonly NetworkRecord[]>;
  /** Versions of what the figures of a run depend on. */
  versions(): Promise<Readonly<Record<"graft" | "onnxruntime" | "node", string>>>;
  /**
   * @param device name of a device, or `auto`: the runtime says which one it is
   * @throws UsageError when it is not available
   */
  createRuntime(device: string): Promise<Runtime>;
  /** Starts the threads that read photos, so that they are there when they are needed. */
  prepareReading(): Promise<void>;
  loadBackbone(request: BackboneRequest): Promise<Backbone>;
  fineTune(options: FineTuneOptions): Promise<FineTuneResult>;
  /** @returns bytes of a `model.onnx` */
  exportClassifier(finished: {
    readonly model: BaseModel;
    readonly backbone: Backbone;
    readonly classes: readonly string[];
  }): Promise<Uint8Array>;
  /** @param photos how many it will look at */
  openClassifier(runtime: Runtime, path: string, photos: number): Promise<Classifier>;
  /** What is kept of photos from run to run. */
  features(): Promise<Pick<typeof featureStore, "featureFolder" | "keptTrunks" | "clearFeatures">>;
}

/** The real thing. Each part is imported when it is used: `--help` waits for none, and `predict` not for the training. */
export const engine: Engine = {
  async networkRecords() {
    return (await import("../applications/load-backbone.js")).networkRecords();
  },
  async versions() {
    return (await import("../hosts/node/versions.js")).versions();
  },
  async createRuntime(name) {
    const [{ chooseDevice }, { createNodePlatform }, { installPlatform }] = await Promise.all([
      import("../runtime/node/devices.js"),
      import("../hosts/node/platform.js"),
      import("../models/platform.js"),
    ]);
    const platform = createNodePlatform({ device: await chooseDevice(name) });
    // What models print is no result of a command.
    installPlatform({
      ...platform,
      print: (line) => {
        platform.warn(line);
      },
    });
    return platform.runtime;
  },
  async prepareReading() {
    await (await import("../photos/decode-pool.js")).decodePool.prepare();
  },
  async loadBackbone(request) {
    return (await import("../applications/load-backbone.js")).loadBackbone(request);
  },
  async fineTune(options) {
    return (await import("../recipe/fine-tune.js")).fineTune(options);
  },
  async exportClassifier(finished) {
    return (await import("../recipe/export-classifier.js")).exportClassifier(finished);
  },
  async features() {
    return import("../hosts/node/activation-store.js");
  },
  async openClassifier(runtime, path, photos) {
    return (await import("../recipe/open-classifier.js")).openClassifier(runtime, path, photos);
  },
};
