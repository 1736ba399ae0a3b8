import { join } from "node:path";
import { z } from "zod";
import { DownloadError, FileError, UsageError } from "../errors/errors.js";
import { externalLocations } from "../onnx/external-locations.js";
import { beginningOf, downloadFile, kindOf } from "./download.js";
import { fileSystemError } from "./file-system-errors.js";
import { readRegularFile } from "./regular-file.js";
import { type HubFile, type HubRevision, hubRevision, HubUnreachable } from "./hub/api.js";
import { CachedRepository, checksumOf, elsewhere } from "./hub/cache.js";
import { licenceOfCard, licenceOfReadme } from "./hub/card.js";
import { chooseFile, filesWith, pathBeside } from "./hub/choose-file.js";
import { type HubReference, hubName } from "./hub/reference.js";
import { refusal } from "./hub/refusal.js";
import { type HubSettings, hubHeaders, hubSettings } from "./hub/settings.js";
import { type Network, ownNetwork } from "./network.js";

/** A network of the hub that is on this computer. */
export interface FetchedNetwork {
  /** Path of the network's file. */
  readonly file: string;
  /** Folder of all files of this commit that are here. */
  readonly folder: string;
  /** `owner/name`. */
  readonly repository: string;
  /** Hash of the commit. */
  readonly revision: string;
  /** The name by which exactly this network is had again: `hf:owner/name@commit`, with the file where one was named. */
  readonly name: string;
  /** What the model card says, such as `apache-2.0`; `undefined` where it says nothing. */
  readonly licence: string | undefined;
  /** The files that belong to the network, by their paths in the repository; that of the network first. */
  readonly files: readonly string[];
}

/** How a network is fetched. */
export interface FetchFromHubOptions {
  /** Told of each download. */
  readonly onProgress?:
    | ((progress: { readonly what: string; readonly received: number; readonly total: number | undefined }) => void)
    | undefined;
  /** Ends the download; what has arrived is kept for the next attempt. */
  readonly signal?: AbortSignal | undefined;
  /** Whether only what is in the cache is used. Default: as the environment says. */
  readonly offline?: boolean | undefined;
}

/** What differs in tests. */
export interface HubSurroundings {
  readonly env: NodeJS.ProcessEnv;
  readonly network: Network;
  /** In ms: how long to wait for bytes, and before a second attempt. */
  readonly timing: { readonly stall: number; readonly retry: number };
}

/**
 * Fetches a network from the hub, or from a mirror of it, into the cache that all programs of the hub share, as the environment says:
 * {@link hubSettings}. What is there already is checked and used. Each file is checked by the hash that the hub gives, goes on where it was broken
 * off, and stands in the cache only when it is whole. Offline, or where the hub cannot be reached, what the cache holds is used.
 *
 * @param reference what `parseHubName` made of a name
 * @throws UsageError when the repository does not hold what was asked for, or several networks
 * @throws DownloadError when the hub refuses or cannot be reached and the cache does not hold the network, or a file is not what it should be
 * @throws FileError when the cache cannot be read or written
 */
export async function fetchFromHub(
  reference: HubReference,
  options: FetchFromHubOptions = {},
  surroundings: Partial<HubSurroundings> = {},
): Promise<FetchedNetwork> {
  const settings = await hubSettings(surroundings.env);
  const cached = new CachedRepository(reference, settings);
  if (options.offline === true) return fromCache(reference, cached, "nothing is to be fetched");
  if (settings.offline) return fromCache(reference, cached, "the environment says to work offline (HF_HUB_OFFLINE)");
  const network = surroundings.network ?? (await ownNetwork());
  const timing = surroundings.timing ?? { stall: 30_000, retry: 500 };
  const known = (await cached.files((await cached.commitOf(reference.revision)) ?? "none")).length > 0;
  let revision: HubRevision;
  try {
    // Where the cache may do, nobody waits long for a hub that is not there.
    const stall = known ? Math.min(timing.stall, 10_000) : timing.stall;
    const access = { settings, network, attempts: known ? 1 : 3, timing: { ...timing, stall }, signal: options.signal };
    revision = await hubRevision(reference, access);
  } catch (cause) {
    options.signal?.throwIfAborted();
    if (!(cause instanceof HubUnreachable) || !known) throw cause;
    return fromCache(reference, cached, cause.received ?? "the hub cannot be reached", cause);
  }
  const fetch = fetcher(reference, revision, { settings, cached, network, timing, ...options });
  return fetchNetwork(reference, revision, cached, fetch);
}

/** Brings one file of a revision into its snapshot; gives its path. */
type Fetcher = (file: HubFile) => Promise<string>;

async function fetchNetwork(
  reference: HubReference,
  { commit, card, files }: HubRevision,
  cached: CachedRepository,
  fetch: Fetcher,
): Promise<FetchedNetwork> {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const bring = async (path: string): Promise<string> => {
    const file = byPath.get(path);
    if (file === undefined) throw missingPart(reference, path, "the repository does not hold it");
    return fetch(file);
  };
  const main = chooseFile(reference, [...byPath.keys()]);
  const path = await bring(main);
  const beside = new Set([...(await partsOf(reference, main, path)), ...filesWith(main, [...byPath.keys()])]);
  for (const name of beside) await bring(name);
  // Last, so that what was noted before stays of use where this breaks off.
  await cached.note(reference.revision, commit);
  const all = [main, ...beside];
  return fetched(reference, cached, commit, all, licenceOfCard(card) ?? (await licenceOnDisk(cached, commit, all)));
}

function fetcher(
  reference: HubReference,
  { commit }: HubRevision,
  context: FetchFromHubOptions & {
    readonly settings: HubSettings;
    readonly cached: CachedRepository;
    readonly network: Network;
    readonly timing: HubSurroundings["timing"];
  },
): Fetcher {
  const { settings, cached, network, timing, onProgress, signal } = context;
  const { repository } = reference;
  return async ({ path, size, oid }) => {
    const there = join(cached.snapshot(commit), path);
    const state = await cached.state(commit, path, oid);
    if (state === "copied") return there;
    const url = `${settings.endpoint}/${repository}/resolve/${commit}/${path.split("/").map(encodeURIComponent).join("/")}`;
    const what = `${repository}/${path}`;
    const result = await downloadFile(
      {
        url,
        destination: cached.blob(oid),
        name: what,
        checksum: checksumOf(oid),
        size,
        headers: hubHeaders(settings, url),
        refusal: (response) => refusal(response, reference, settings, path),
        onProgress: ({ received, total }) => {
          onProgress?.({ what, received, total });
        },
        network,
        elsewhere,
        signal,
      },
      timing,
    );
    if (state === "linked") return there;
    try {
      await cached.link(commit, path, oid, result === "downloaded");
    } catch (cause) {
      // Where files are copies, another process may have put the same one there meanwhile, and the contents with it.
      if ((await cached.state(commit, path, oid)) === "absent") throw cause;
    }
    return there;
  };
}

/** What the cache holds, without asking anybody. */
async function fromCache(
  reference: HubReference,
  cached: CachedRepository,
  why: string,
  cause?: unknown,
): Promise<FetchedNetwork> {
  const commit = await cached.commitOf(reference.revision);
  const files = commit === undefined ? [] : await cached.files(commit);
  const missing = (what: string): DownloadError =>
    new DownloadError(`${hubName(reference)} is not in the cache.`, {
      subject: hubName(reference),
      expected: `${what} in ${cached.folder}`,
      received: why,
      advice: "Fetch it once with a network, or copy the cache of the hub from a computer that has it.",
      cause,
    });
  if (commit === undefined || files.length === 0) throw missing(`the revision ${reference.revision}`);
  const { file } = reference;
  if (file !== undefined && !files.includes(file)) throw missing(`the file ${file}`);
  const main = choiceOf(reference, files) ?? "";
  if (main === "") throw missing("a network's file");
  const path = join(cached.snapshot(commit), main);
  const parts = await partsOf(reference, main, path);
  const lacking = parts.find((part) => !files.includes(part));
  if (lacking !== undefined) throw missing(`the file ${lacking}, which ${main} needs,`);
  const all = [...new Set([main, ...parts, ...filesWith(main, files)])];
  for (const name of all) {
    if (!(await cached.isUndamaged(commit, name))) throw missing(`an undamaged file ${name}`);
  }
  return fetched(reference, cached, commit, all, await licenceOnDisk(cached, commit, all));
}

/** The choice among what the cache holds; `undefined` where it holds no network, which may be elsewhere. */
function choiceOf(reference: HubReference, files: readonly string[]): string | undefined {
  try {
    return chooseFile(reference, files, "the cache of");
  } catch (cause) {
    if (cause instanceof UsageError && !files.some((path) => /\.(onnx|keras|h5|hdf5)$|model\.json$/i.test(path))) {
      return undefined;
    }
    throw cause;
  }
}

function fetched(
  reference: HubReference,
  cached: CachedRepository,
  commit: string,
  files: readonly string[],
  licence: string | undefined,
): FetchedNetwork {
  const { repository, file } = reference;
  return {
    file: join(cached.snapshot(commit), files[0] ?? ""),
    folder: cached.snapshot(commit),
    repository,
    revision: commit,
    name: hubName({ repository, revision: commit, file }),
    licence,
    files,
  };
}

async function licenceOnDisk(
  cached: CachedRepository,
  commit: string,
  files: readonly string[],
): Promise<string | undefined> {
  if (!files.includes("README.md")) return undefined;
  return licenceOfReadme(String(await bytesOf(join(cached.snapshot(commit), "README.md"))));
}

const shardsSchema = z.object({ weightsManifest: z.array(z.object({ paths: z.array(z.string()) })) });

/**
 * The files of weights that a network's file names beside itself.
 *
 * @param main its path in the repository
 * @param path its path on this computer
 */
async function partsOf(reference: HubReference, main: string, path: string): Promise<readonly string[]> {
  const kind = kindOf(await beginningOf(path));
  if (kind !== undefined) {
    throw new FileError(`${main} of ${reference.repository} is no network.`, {
      subject: main,
      expected: "the network itself",
      received: `${kind}: the repository itself holds that`,
      advice: "Whoever made the repository has not uploaded the file: take another revision or another copy.",
    });
  }
  const names = /\.onnx$/i.test(main)
    ? externalLocations(await bytesOf(path), path)
    : /\.json$/i.test(main)
      ? shardsOf(path, await bytesOf(path))
      : [];
  return names.map((name) => {
    const part = pathBeside(main, name);
    if (part === undefined) throw missingPart(reference, name, "it lies outside of the repository");
    return part;
  });
}

/** The files of weights that a model of TensorFlow.js names. */
function shardsOf(path: string, bytes: Buffer): readonly string[] {
  let said: unknown;
  try {
    said = JSON.parse(bytes.toString());
  } catch (cause) {
    throw new FileError(`${path} is no JSON.`, {
      subject: path,
      expected: "the model.json of a TensorFlow.js model",
      received: cause instanceof Error ? cause.message : String(cause),
      cause,
    });
  }
  const { success, data } = shardsSchema.safeParse(said);
  if (success) return data.weightsManifest.flatMap(({ paths }) => paths);
  throw new FileError(`${path} is no model of TensorFlow.js.`, {
    subject: path,
    expected: "a weightsManifest that names the files of its weights",
    received: "another JSON file",
  });
}

function missingPart({ repository }: HubReference, name: string, why: string): DownloadError {
  return new DownloadError(`A file of ${repository} is missing.`, {
    subject: name,
    expected: `the file ${name}, which the network's file names`,
    received: why,
    advice: "The repository is incomplete: take another revision or another copy.",
  });
}

async function bytesOf(path: string): Promise<Buffer> {
  try {
    return await readRegularFile(path);
  } catch (cause) {
    throw fileSystemError(cause, path, "read", elsewhere);
  }
}
