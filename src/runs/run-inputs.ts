import { createHash } from "node:crypto";
import { arch, cpus } from "node:os";
import { resolve } from "node:path";
import { z } from "zod";
import type { Backbone } from "../applications/backbone.js";
import { looksLikePath } from "../applications/network-path.js";
import { count } from "../errors/words.js";
import { isHubName } from "../files/hub/reference.js";
import type { BaseModel } from "../models/base-model.js";
import { photoHash } from "../photos/photo-identity.js";
import { pathWithin, type PreparedPhotos } from "../photos/prepare-photos.js";
import { usableMemory } from "../runtime/node/memory.js";
import { processors } from "../runtime/node/processors.js";
import { architectureDigest } from "./architecture-digest.js";

/** A photo: its path within the folder of photos, and the SHA-256 of its bytes. */
const photo = z.tuple([z.string(), z.string()]);

/** What went into a run: what its bytes follow from. */
export const runInputs = z.object({
  /** Of the photos, when the run began. */
  directory: z.string(),
  classes: z.array(z.string()),
  division: z.enum(["folders", "drawn"]),
  photos: z.object({ training: z.array(photo), validation: z.array(photo), test: z.array(photo) }),
  network: z.object({
    name: z.string(),
    image_size: z.number(),
    preprocess: z.string(),
    /** SHA-256 over names, shapes and values of all weights, without the classifier that was cut off. */
    weights: z.string(),
    /** SHA-256 over what is computed with them, in training and in inference; runs of before 2026-11-28 lack it and what follows. */
    graph: z.string().optional(),
    /** The share of a photo that is seen, and how it is brought to size. */
    crop: z.number().optional(),
    keep_proportions: z.boolean().optional(),
    interpolation: z.string().optional(),
    /** Where it was found: its file or folder, and that of its weights, as absolute paths; nothing follows from them. */
    path: z.string().optional(),
    weights_path: z.string().optional(),
  }),
  versions: z.record(z.string(), z.string()),
  hardware: z.object({
    processor: z.string(),
    /** Hardware threads that the process may use. */
    processors: z.number(),
    /** Cores that the engine computes with, where the system tells; runs of a format before it lack it. */
    cores: z.number().optional(),
    architecture: z.string(),
    platform: z.string(),
    /** Bytes that the process may use; nothing follows from them. */
    memory: z.number().optional(),
  }),
  device: z.string(),
});

/** What went into a run: what its bytes follow from. */
export type RunInputs = z.infer<typeof runInputs>;

/**
 * What goes into a run. The photos have been hashed when the folder was looked at.
 *
 * @param circumstances versions of what computes, the device that it computes on, and where the network comes from
 */
export async function inputsOfRun(
  photos: PreparedPhotos,
  { model, imageSize, record }: Pick<Backbone, "model" | "imageSize" | "record">,
  circumstances: {
    readonly versions: Readonly<Record<string, string>>;
    readonly device: string;
    /** As it was asked for: a name or a path. */
    readonly network: string;
    readonly weights?: string | undefined;
  },
): Promise<RunInputs> {
  const { network, weights } = circumstances;
  const hasName = isHubName(network) || (!looksLikePath(network) && network.toLowerCase() === record.name);
  const hashed = (set: readonly { readonly path: string }[]): Promise<[string, string][]> =>
    Promise.all(set.map(async ({ path }) => [pathWithin(photos.directory, path), await photoHash(path)]));
  return {
    directory: resolve(photos.directory),
    classes: [...photos.classes],
    division: photos.division,
    photos: {
      training: await hashed(photos.training),
      validation: await hashed(photos.validation),
      test: await hashed(photos.test),
    },
    network: {
      name: record.name,
      image_size: imageSize,
      preprocess: record.preprocess,
      weights: weightsDigest(model),
      graph: architectureDigest({ model, imageSize }),
      crop: record.crop ?? 1,
      keep_proportions: record.keepProportions ?? false,
      interpolation: record.interpolation ?? "bilinear",
      ...(hasName ? {} : { path: resolve(network) }),
      ...(weights === undefined ? {} : { weights_path: resolve(weights) }),
    },
    versions: { ...circumstances.versions },
    hardware: {
      processor: cpus()[0]?.model ?? "unknown",
      processors: processors().threads,
      cores: processors().cores,
      memory: usableMemory(),
      architecture: arch(),
      platform: process.platform,
    },
    device: circumstances.device,
  };
}

/** SHA-256 over names, shapes and values of a model's weights. */
export function weightsDigest({ weights }: BaseModel): string {
  const hash = createHash("sha256");
  for (const { path, value } of weights) {
    const { data, dims } = value;
    hash.update(JSON.stringify([path, dims]));
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest("hex");
}

/** Something that is not as it was. */
export interface Difference {
  /** What it is about. Other hardware may round differently; other photos, networks or programs give another run. */
  readonly kind: "photos" | "network" | "version" | "hardware";
  /** In words, such as `3 photos have other contents: cat/1.jpg, …`. */
  readonly message: string;
}

/** Names that are listed before the rest is counted. */
const named = 3;

/** What has changed between two runs, or since a run was stopped; nothing where their bytes will be the same. */
export function differencesBetween(then: RunInputs, now: RunInputs): readonly Difference[] {
  return [
    ...photoDifferences(then, now),
    ...networkDifferences(then, now),
    ...versionDifferences(then, now),
    ...hardwareDifferences(then, now),
  ];
}

function photoDifferences(then: RunInputs, now: RunInputs): Difference[] {
  const [before, after] = [allPhotos(then), allPhotos(now)];
  const gone = [...before.keys()].filter((path) => !after.has(path));
  const added = [...after.keys()].filter((path) => !before.has(path));
  const changed = [...before].flatMap(([path, { hash }]) => {
    const other = after.get(path);
    return other !== undefined && other.hash !== hash ? [path] : [];
  });
  const moved = [...before].flatMap(([path, { hash, set }]) => {
    const other = after.get(path);
    return other?.hash === hash && other.set !== set ? [path] : [];
  });
  const told = [
    listed(gone, "is missing", "are missing"),
    listed(added, "is new", "are new"),
    listed(changed, "has other contents", "have other contents"),
    listed(moved, "is in another set", "are in another set"),
  ].filter((text) => text !== undefined);
  const order = JSON.stringify(then.photos) === JSON.stringify(now.photos) || told.length > 0;
  const all = [
    ...told,
    ...(order ? [] : ["the photos come in another order"]),
    ...(JSON.stringify(then.classes) === JSON.stringify(now.classes)
      ? []
      : [`the classes are ${now.classes.join(", ")} instead of ${then.classes.join(", ")}`]),
  ];
  return all.map((message) => ({ kind: "photos", message }));
}

/** Every photo by its path. */
function allPhotos({ photos }: RunInputs): Map<string, { readonly hash: string; readonly set: string }> {
  return new Map(
    Object.entries(photos).flatMap(([set, list]) => list.map(([path, hash]) => [path, { hash, set }] as const)),
  );
}

function listed(paths: readonly string[], one: string, many: string): string | undefined {
  if (paths.length === 0) return undefined;
  const rest = paths.length > named ? ", …" : "";
  return `${count(paths.length, "photo")} ${paths.length === 1 ? one : many}: ${paths.slice(0, named).join(", ")}${rest}`;
}

function networkDifferences({ network: then }: RunInputs, { network: now }: RunInputs): Difference[] {
  const parts = [
    ["name", "the network is", then.name, now.name],
    ["image_size", "its pictures have a side of", then.image_size, now.image_size],
    ["preprocess", "its preprocessing is", then.preprocess, now.preprocess],
    ["crop", "of a photo is seen the share", then.crop, now.crop],
    ["keep_proportions", "that proportions of photos are kept is", then.keep_proportions, now.keep_proportions],
    ["interpolation", "its pictures are brought to size by", then.interpolation, now.interpolation],
  ] as const;
  const told = parts.flatMap(([, words, before, after]) =>
    before === after || before === undefined ? [] : [`${words} ${String(after)} instead of ${String(before)}`],
  );
  if (then.weights !== now.weights) told.push("the network's weights are others");
  if (then.graph !== undefined && then.graph !== now.graph) told.push("the network computes something else");
  return told.map((message) => ({ kind: "network", message }));
}

function versionDifferences({ versions: then }: RunInputs, { versions: now }: RunInputs): Difference[] {
  return Object.entries(then).flatMap(([name, before]) => {
    const after = now[name];
    if (after === before) return [];
    return [{ kind: "version", message: `${name} is ${after ?? "missing"} instead of ${before}` }];
  });
}

function hardwareDifferences(then: RunInputs, now: RunInputs): Difference[] {
  const parts = [
    ["the device is", then.device, now.device],
    ["the processor is", then.hardware.processor, now.hardware.processor],
    ["as many processors are used:", then.hardware.processors, now.hardware.processors],
    ["the engine's cores are", then.hardware.cores, now.hardware.cores],
    ["the architecture is", then.hardware.architecture, now.hardware.architecture],
    ["the system is", then.hardware.platform, now.hardware.platform],
  ] as const;
  return parts.flatMap(([words, before, after]) =>
    before === after || before === undefined
      ? []
      : [{ kind: "hardware", message: `${words} ${String(after)} instead of ${String(before)}` }],
  );
}
