import type { Backbone, NetworkRecord } from "../applications/backbone.js";
import type { NetworkInspection } from "../applications/inspect-network.js";
import type { InspectOptions, LoadBackboneOptions } from "../applications/load-backbone.js";
import type { BaseModel } from "../models/base-model.js";
import type { Runtime } from "../runtime/runtime.js";
import type { Classifier } from "../recipe/classifier.js";
import type { ExplainMethod } from "../recipe/explain/methods.js";
import type { PhotoExplainer } from "../recipe/explain/open-explainer.js";
import type { ExportableClassifier } from "../recipe/export/exportable.js";
import type { Photo } from "../photos/photo.js";
import type { Answer } from "../recipe/probabilities-in-memory.js";
import type { FamiliarPhotos } from "../recipe/familiar-photos.js";
import type { FineTuneOptions, FineTuneResult } from "../recipe/fine-tune-types.js";

/** What the frozen part of one network has made of photos, kept from run to run. */
export interface KeptTrunk {
  /** Name of the folder. */
  readonly name: string;
  /** Name of the model that it belongs to. */
  readonly model: string;
  /** Samples. */
  readonly rows: number;
  readonly bytes: number;
  readonly lastUsed: Date;
}

/** How fast networks are on this computer: kept from run to run, for its processor and these versions of Graft and its engine. */
export interface NetworkSpeeds {
  /** ms for one photo, by the network's name, of those that were measured. */
  measured(): Promise<ReadonlyMap<string, number>>;
  /**
   * Measures a network and keeps the figure.
   *
   * @param name of a network
   * @returns ms for one photo: the best of a few forward passes of one photo without its classifier, after one that does not count;
   * `undefined` where the network is not on this computer
   * @throws what loading the network throws, where it is on this computer
   */
  measure(name: string): Promise<number | undefined>;
}

/** Where activations of photos are kept from run to run. */
export interface ActivationCache {
  /** Path of the folder. */
  activationFolder(): string;
  keptTrunks(): Promise<readonly KeptTrunk[]>;
  clearActivations(): Promise<void>;
}

/** All of Graft that jobs use. A host puts it together; each part is imported when it is used. */
export interface JobParts {
  /** Networks that have names. */
  networkRecords(): Promise<readonly NetworkRecord[]>;
  /** How fast they are here. */
  networkSpeeds(): Promise<NetworkSpeeds>;
  /** Versions of what the figures of a run depend on. */
  versions(): Promise<Readonly<Record<"graft" | "onnxruntime" | "sharp" | "vips" | "node", string>>>;
  /**
   * @param device name of a device, or `auto`: the runtime says which one it is
   * @throws UsageError when it is not available
   */
  createRuntime(device: string): Promise<Runtime>;
  /** Starts the threads that read photos, so that they are there when they are needed. */
  prepareReading(): Promise<void>;
  loadBackbone(request: LoadBackboneOptions): Promise<Backbone>;
  inspectNetwork(request: InspectOptions): Promise<NetworkInspection>;
  fineTune(options: FineTuneOptions): Promise<FineTuneResult>;
  /** @returns the result of a training with exact figures of the validation */
  measureExactly(options: FineTuneOptions, finished: FineTuneResult): Promise<FineTuneResult>;
  /** What the model of a training says of photos, those left out that cannot be read. */
  probabilitiesInMemory(
    options: FineTuneOptions,
    model: BaseModel,
    photos: readonly Photo[],
  ): Promise<readonly Answer[]>;
  /** @returns bytes of a `model.onnx` */
  exportClassifier(finished: {
    readonly model: BaseModel;
    readonly backbone: Backbone;
    readonly classes: readonly string[];
    readonly threshold: number | undefined;
    readonly familiar?: FamiliarPhotos | undefined;
    readonly learnedFrom?: readonly Photo[] | undefined;
  }): Promise<Uint8Array>;
  /** @param photos how many it will look at */
  openClassifier(runtime: Runtime, path: string, photos: number): Promise<Classifier>;
  openExplainer(runtime: Runtime, path: string, method: ExplainMethod | undefined): Promise<PhotoExplainer>;
  /** @param path a run folder, or a `model.onnx` */
  openExportable(path: string): Promise<ExportableClassifier>;
  /** What is kept of photos from run to run. */
  activations(): Promise<ActivationCache>;
}
