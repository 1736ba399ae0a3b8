import type { NetworkRecord, PublishedAccuracy } from "../applications/backbone.js";
import type { NetworkInspection } from "../applications/inspect-network.js";
import type { NetworkPort } from "../applications/network-file.js";
import type { PreparedPhotos } from "../photos/prepare-photos.js";
import type { ExplainMethod } from "../recipe/explain/methods.js";
import type { ExpectedAccuracy } from "../report/interval.js";
import type { Repetition } from "./repetition.js";
import type { RunRecord } from "../runs/run-record.js";
import type { EpochRow, FineTuneEvent, FineTuneResult } from "../recipe/fine-tune-types.js";

/**
 * What jobs tell while they work and when they end: the protocol of all faces. Names and fields are others' to build on: none
 * changes silently.
 */
export type JobEvent =
  | {
      readonly event: "start";
      /** Path of the run folder. */
      readonly run: string;
      readonly network: string;
      readonly classes: readonly string[];
      /** Number of photos of all sets. */
      readonly photos: number;
      /** Where the network runs, such as `cpu`. */
      readonly device: string;
    }
  | {
      /** A run that was stopped is gone on with: what it did until then is told once more, and not done. */
      readonly event: "resumed";
      readonly run: string;
      /** When it was saved last, ISO 8601. */
      readonly saved: string;
    }
  | ProgressEvent
  | ({ readonly event: "epoch"; readonly epochs: number } & EpochRow)
  | ({
      /** A model.onnx was written: the first one, or one that held-out photos say is better than that before. */
      readonly event: "model";
      readonly path: string;
    } & Pick<EpochRow, "phase" | "epoch" | "val_loss" | "val_accuracy">)
  | Extract<FineTuneEvent, { event: "weighting" }>
  | { readonly event: "warning"; readonly code: string; readonly message: string }
  | Extract<FineTuneEvent, { event: "stage" }>
  | Extract<FineTuneEvent, { event: "trial" }>
  | { readonly event: "skipped"; readonly path: string; readonly reason: string }
  | {
      readonly event: "prediction";
      readonly path: string;
      readonly label: string;
      readonly probability: number;
      /**
       * The labels that hold the right one for 95 % of photos like those that were learned from, the most probable first; one where
       * the classifier is sure. Absent where its file does not say how sure it must be.
       */
      readonly labels?: readonly string[] | undefined;
      /** By label, in the order of the classes. */
      readonly probabilities: Readonly<Record<string, number>>;
      /** Only with `--top`: so many labels, the most probable first. */
      readonly top?: readonly { readonly label: string; readonly probability: number }[] | undefined;
      /** How far the photo is from all that was learned from, in [0, 2]. Absent where the classifier's file does not say. */
      readonly distance?: number | undefined;
      /**
       * Whether the photo is like nothing that was learned from: farther away than 95 % of photos are that are of that kind. The
       * label then means little. Absent where the classifier's file does not say.
       */
      readonly foreign?: boolean | undefined;
      /** Where `graft watch` has put the photo, or a link to it. */
      readonly placed?: string | undefined;
    }
  | {
      /** `graft watch` waits for photos from now on. */
      readonly event: "watching";
      readonly directory: string;
      /** Photos that are there already. */
      readonly there: number;
    }
  | {
      /** What speaks for a class was drawn. */
      readonly event: "explanation";
      readonly path: string;
      /** The class that is explained. */
      readonly label: string;
      readonly probability: number;
      readonly method: ExplainMethod;
      /** Path of the PNG. */
      readonly picture: string;
      /** Rows of cells from top to bottom, of the part of the photo that the network sees: 1 where most speaks for the class, 0 where nothing does. */
      readonly heat: readonly (readonly number[])[];
    }
  | {
      /** `graft serve` answers from now on. */
      readonly event: "serving";
      /** Where, with the port that it has got. */
      readonly url: string;
      /** Names of the models, the one that answers where none is named first. */
      readonly models: readonly string[];
      readonly device: string;
    }
  | {
      /** A request was answered, or its client has gone. Nothing of photos is in it, and no name that a client has given. */
      readonly event: "request";
      readonly method: string;
      /** Which path of the interface, such as `/v1/predict`; `other` where it has none such. */
      readonly route: string;
      /** Of the answer; 499 where the client had gone before it. */
      readonly status: number;
      /** Photos that were looked at. */
      readonly photos: number;
      /** Photos among those of the request that could not be used. */
      readonly refused: number;
      /** Of the body, as far as it was read. */
      readonly bytes: number;
      readonly milliseconds: number;
      /** Which model was asked; absent where none was. */
      readonly model?: string | undefined;
    }
  | {
      /** The file of a model has changed: from now on it answers. */
      readonly event: "reloaded";
      readonly model: string;
      readonly sha256: string;
      /** Of Graft, which has written the file. */
      readonly version: string;
    }
  | {
      /** No new requests are taken; those that were are answered. */
      readonly event: "stopping";
      /** Requests that are under way. */
      readonly requests: number;
    }
  | ({ readonly event: "network" } & (ListedNetwork | InspectedNetwork))
  | {
      readonly event: "kept";
      /** Name of the folder. */
      readonly name: string;
      readonly model: string;
      /** Photos and their augmented variants. */
      readonly photos: number;
      readonly bytes: number;
      /** ISO 8601. */
      readonly last_used: string;
    }
  | DoneEvent
  | ErrorEvent
  | Moment;

/** A network that has a name, as `graft networks` lists it. */
export type ListedNetwork = Pick<NetworkRecord, "name" | "description" | "licence" | "preprocess"> & {
  readonly image_size: number;
  /** What is downloaded. */
  readonly megabytes?: number | undefined;
  /** In %, on ImageNet, as published. */
  readonly accuracy?: number | undefined;
  /** What that was measured with: its own classifier, a linear one on its frozen features, or names of classes. */
  readonly accuracy_by?: PublishedAccuracy["by"] | undefined;
  readonly accuracy_source?: string | undefined;
  /** For one photo, as measured on this computer. */
  readonly milliseconds?: number | undefined;
};

/** A network as `graft inspect` sees it. Shapes are lists of extents; what is open is text. */
export interface InspectedNetwork {
  readonly name: string;
  /** In words, such as `an ONNX file, operators of version 18`. */
  readonly format: string;
  readonly licence: string;
  readonly inputs: readonly NetworkPort[];
  readonly outputs: readonly NetworkPort[];
  /** Side of its picture in pixels; `null` where nothing says it. */
  readonly image_size: number | null;
  /** Share of the photo's sides that is seen. */
  readonly crop: number;
  readonly keep_proportions: boolean;
  readonly interpolation: string;
  /** Where the three are known from; `null`: they are the usual ones. */
  readonly framing_source: string | null;
  /** What is done to pixels; `null` where nothing says it, and `--preprocess` must. */
  readonly preprocess: string | null;
  readonly preprocess_source: string | null;
  /** Classes, where the file is a classifier that names them. */
  readonly labels?: readonly string[] | undefined;
  /** Those of the network without its classifier, as all that follows; absent where nothing can be grafted onto it. */
  readonly layers?: NonNullable<NetworkInspection["network"]>["layers"] | undefined;
  readonly parameters?: number | undefined;
  readonly cut?: NonNullable<NetworkInspection["network"]>["cut"] | undefined;
  /** Layers with which its stages begin. */
  readonly stages?: readonly string[] | undefined;
  /** What is trained unless asked otherwise. */
  readonly last_block?: NonNullable<NetworkInspection["network"]>["lastBlock"];
  /** Why nothing can be grafted onto it. */
  readonly trouble?: string | undefined;
  /** Operators that Graft does not have. */
  readonly missing: NetworkInspection["missing"];
}

/** How far long work is. */
export interface ProgressEvent {
  readonly event: "progress";
  readonly stage:
    | "downloading"
    | "reading"
    | "features"
    | "views"
    | "training"
    | "another-part"
    | "all-photos"
    | "comparing"
    | "learning-curve"
    | "learning-rate"
    | "trial"
    | "evaluating"
    | "exporting"
    | "reporting";
  readonly unit: "bytes" | "photos" | "steps";
  readonly done: number;
  /** `null` when it is not known. */
  readonly total: number | null;
  /** Which download. */
  readonly what?: string;
  readonly epoch?: number;
  readonly epochs?: number;
  readonly loss?: number;
  readonly accuracy?: number;
  /** Only while settings are tried: which trial it is. */
  readonly trial?: number;
  /** While settings are tried, how long the job may still take, in seconds; in an export, how long the photos take that are planned. */
  readonly seconds_left?: number;
  /** Only in an export: how many photos have passed in a second, on the mean. */
  readonly photos_per_second?: number;
}

/** The last event of a job that has succeeded; `command` says which job it was. */
export type DoneEvent =
  | TrainDone
  | TuneDone
  | EvaluateDone
  | {
      readonly event: "done";
      readonly command: "predict";
      readonly photos: number;
      readonly skipped: number;
      /** How many photos were given each label, in the order of the classes. */
      readonly by_class: Readonly<Record<string, number>>;
      /** Photos that are like nothing that was learned from. Absent where the classifier's file does not say which are. */
      readonly foreign?: number | undefined;
      readonly device: string;
    }
  | {
      readonly event: "done";
      readonly command: "watch";
      readonly photos: number;
      readonly skipped: number;
      /** How many photos were given each label, in the order of the classes. */
      readonly by_class: Readonly<Record<string, number>>;
      /** Photos that are like nothing that was learned from. Absent where the classifier's file does not say which are. */
      readonly foreign?: number | undefined;
      readonly device: string;
    }
  | {
      readonly event: "done";
      readonly command: "explain";
      readonly photos: number;
      readonly skipped: number;
      readonly device: string;
    }
  | ExportDone
  | {
      readonly event: "done";
      readonly command: "report";
      /** Path of the page. */
      readonly report: string;
      /** Photos that measured, and the share that was named rightly. */
      readonly photos: number;
      readonly accuracy: number;
      readonly accuracy_interval: ExpectedAccuracy;
    }
  | {
      readonly event: "done";
      readonly command: "serve";
      /** Requests that were answered. */
      readonly requests: number;
      /** Photos that were looked at. */
      readonly photos: number;
      readonly seconds: number;
    }
  | { readonly event: "done"; readonly command: "networks"; readonly networks: number }
  | {
      readonly event: "done";
      readonly command: "inspect";
      /** Whether something can be grafted onto it. */
      readonly usable: boolean;
    }
  | {
      readonly event: "done";
      readonly command: "cache";
      readonly folder: string;
      readonly bytes: number;
      readonly cleared: boolean;
    };

/** The last event of a job that has failed, or was stopped before there was anything to keep (`interrupted`). */
export interface ErrorEvent {
  readonly event: "error";
  readonly code?: string;
  readonly message: string;
}

/**
 * The end of `graft train`; figures are those of the best epoch. Where there was a `weighting`, photos count by it in `loss` and
 * `val_loss`.
 */
export interface TrainDone {
  readonly event: "done";
  readonly command: "train";
  readonly run: string;
  readonly model: string;
  /** Path of the page about the run; absent where it was stopped, or the page could not be written. */
  readonly report?: string | undefined;
  /** How many were trained. */
  readonly epochs: number;
  readonly best_epoch: number;
  readonly loss: number;
  readonly accuracy: number;
  readonly val_loss: number;
  readonly val_accuracy: number;
  /** The 95 % interval of the accuracy that so many new photos will show: the test photos, where there are any, but 100 at most. */
  readonly val_accuracy_interval: ExpectedAccuracy;
  /** Mean recall of the classes, on the photos that `val_accuracy` was measured with. */
  readonly val_balanced_accuracy: number;
  /** How far its probabilities are from the shares that are right, on the same photos: expected calibration error, 15 ranges. */
  readonly val_calibration_error: number;
  readonly seconds: number;
  /** Only where the folder has test photos. */
  readonly test_loss?: number | undefined;
  readonly test_accuracy?: number | undefined;
  /** Only with `--learning-curve`, and where there are enough photos for one. */
  readonly learning_curve?: RunRecord["result"]["learning_curve"];
  readonly test_accuracy_interval?: ExpectedAccuracy | undefined;
  readonly test_balanced_accuracy?: number | undefined;
  /** Only with `--trunk-precision int8`: what 8 bits cost. */
  readonly trunk?: FineTuneResult["trunk"];
  /** Only with `--from`: whether it has given the same bytes as the run that it repeats, and what was not as it was. */
  readonly repeated?: Repetition | undefined;
}

/** The end of `graft tune`: that of a training, and what was searched. */
export interface TuneDone extends Omit<TrainDone, "command"> {
  readonly command: "tune";
  /** How many settings were tried. */
  readonly trials: number;
  /** Number of the trial whose settings were taken: 1 has the defaults. `null` where there was no time for any. */
  readonly chosen: number | null;
}

/** The end of `graft export`. */
export interface ExportDone {
  readonly event: "done";
  readonly command: "export";
  /** Name of the form, such as `onnx`. */
  readonly target: string;
  /** What was written: a file, or a folder. */
  readonly path: string;
  /** Names of the files; of a folder's files, their paths in it, with `/`. */
  readonly files: readonly string[];
  readonly bytes: number;
  /** What its user must know, a sentence each. */
  readonly notes: readonly string[];
  /** Only where it was measured what fewer bits cost: on how many photos that were held out. */
  readonly photos?: number | undefined;
  /** Of the run's model.onnx, on these photos. */
  readonly accuracy_before?: number | undefined;
  readonly accuracy_after?: number | undefined;
  /** The greatest difference of a probability on these photos. */
  readonly difference?: number | undefined;
  /** How many of these photos get another label. */
  readonly other_labels?: number | undefined;
  /** Layers that stay float32, since 8 bits would cost too much there. */
  readonly float32?: readonly string[] | undefined;
  readonly device: string;
}

/** The end of `graft evaluate`. */
export interface EvaluateDone {
  readonly event: "done";
  readonly command: "evaluate";
  readonly device: string;
  readonly photos: number;
  readonly loss: number;
  readonly accuracy: number;
  /** The 95 % interval of the accuracy that 100 new photos will show. */
  readonly accuracy_interval: ExpectedAccuracy;
  /** Mean recall of the classes that have photos. */
  readonly balanced_accuracy: number;
  /** How far probabilities are from the shares that are right: expected calibration error, 15 ranges. */
  readonly calibration_error: number;
  /** Photos that are like nothing that was learned from; absent where the classifier's file does not say which are. */
  readonly foreign?: number | undefined;
  readonly per_class: readonly {
    readonly label: string;
    readonly photos: number;
    readonly predicted: number;
    readonly recall: number | null;
    readonly precision: number | null;
    readonly f1: number | null;
  }[];
  /** `[class][predicted class]`: numbers of photos, in the order of `per_class`. */
  readonly confusion: readonly (readonly number[])[];
}

/** What only a face that talks to people makes something of; `--json` leaves these out. */
export type Moment =
  /** The device that was chosen for `auto`. */
  | { readonly event: "device"; readonly device: string }
  | ({ readonly event: "photos" } & Pick<PreparedPhotos, "classes" | "training" | "validation" | "test" | "division">)
  | {
      readonly event: "loaded";
      readonly network: string;
      readonly image_size: number;
      readonly preprocess: string;
      /** Where a network in a file has that from. */
      readonly preprocess_source?: string | undefined;
      readonly crop?: number | undefined;
      readonly keep_proportions?: boolean | undefined;
      readonly interpolation?: string | undefined;
    }
  /** The network stays frozen: the new classifier is good enough without it. */
  | { readonly event: "left-frozen"; readonly val_accuracy: number }
  /** What a stage made is not kept: photos that were held out do not say that it is better. */
  | { readonly event: "not-better" }
  /** Which photos are measured. */
  | { readonly event: "measuring"; readonly source: PhotoSource };

/** Where photos that are measured come from. */
export interface PhotoSource {
  readonly set: "test" | "validation" | "all" | "held-out";
  readonly directory: string;
}

const moments: ReadonlySet<string> = new Set([
  "device",
  "photos",
  "loaded",
  "left-frozen",
  "not-better",
  "measuring",
] satisfies Moment["event"][]);

/** Whether an event is for machines too. */
export function isForMachines(event: JobEvent): event is Exclude<JobEvent, Moment> {
  return !moments.has(event.event);
}
