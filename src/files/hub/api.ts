import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { DownloadError } from "../../errors/errors.js";
import { version } from "../../errors/version.js";
import { isOpenAddress } from "../open-address.js";
import { fetchOf, type Network, proxyName } from "../network.js";
import { busy, Interruption, networkFailure, transientCodes, waitBefore } from "../network-failure.js";
import { CachedRepository } from "./cache.js";
import { type HubReference, hubName, isPathInside } from "./reference.js";
import { refusal } from "./refusal.js";
import { type HubSettings, hubHeaders } from "./settings.js";

/** A file of a repository. */
export interface HubFile {
  /** With `/` between folders. */
  readonly path: string;
  readonly size: number;
  /** What the hub's cache calls its contents: their SHA-256 where they are kept by Git LFS, the name that Git gives them elsewhere. */
  readonly oid: string;
}

/** A revision of a repository. */
export interface HubRevision {
  /** Hash of the commit. */
  readonly commit: string;
  /** Data at the head of its model card. */
  readonly card: unknown;
  readonly files: readonly HubFile[];
}

/** How the hub is asked. */
export interface HubAccess {
  readonly settings: HubSettings;
  readonly network: Network;
  /** How often a request is tried. */
  readonly attempts: number;
  /** Times in ms: how long to wait for an answer, and before the second attempt. */
  readonly timing: { readonly stall: number; readonly retry: number };
  readonly signal?: AbortSignal | undefined;
}

/** The hub, or the way to it, is of no use right now: what the cache holds must do. */
export class HubUnreachable extends DownloadError {}

const commitSchema = z.object({ sha: z.string().regex(/^[0-9a-f]{40}$/), cardData: z.unknown() });
const fileSchema = z.object({
  path: z.string(),
  size: z.int().nonnegative(),
  oid: z.string().regex(/^[0-9a-f]{40}$/),
  lfs: z.object({ oid: z.string().regex(/^[0-9a-f]{64}$/), size: z.int().nonnegative() }).optional(),
});

/**
 * Asks the hub what a revision of a repository is made of.
 *
 * @throws DownloadError when it refuses; {@link HubUnreachable} when it cannot be reached or answers nonsense
 */
export async function hubRevision(reference: HubReference, access: HubAccess): Promise<HubRevision> {
  // Takes a tenth of a second to load, which other networks need not wait for.
  const { listFiles, modelInfo } = await import("@huggingface/hub");
  const { settings } = access;
  const fetch = hubFetch(reference, access);
  const asked = { hubUrl: settings.endpoint, fetch };
  const { repository: name, revision } = reference;
  const info = await modelInfo({ ...asked, name, revision, additionalFields: ["sha", "cardData"] });
  const { sha: commit, cardData: card } = understood(commitSchema, info, reference, settings);
  const files: HubFile[] = [];
  for await (const entry of listFiles({ ...asked, repo: { type: "model", name }, revision: commit, recursive: true })) {
    // Whatever leads out of a folder could not be written into one.
    if (entry.type !== "file" || !isPathInside(entry.path)) continue;
    const { path, size, oid, lfs } = understood(fileSchema, entry, reference, settings);
    files.push(lfs === undefined ? { path, size, oid } : { path, size: lfs.size, oid: lfs.oid });
  }
  return { commit, card, files };
}

function understood<T>(schema: z.ZodType<T>, value: unknown, reference: HubReference, settings: HubSettings): T {
  const { data, error, success } = schema.safeParse(value);
  if (success) return data;
  throw unreachable(reference, settings, z.prettifyError(error).replaceAll("\n", " ").slice(0, 300));
}

function unreachable(
  reference: HubReference,
  { endpoint, cache }: HubSettings,
  received: string,
  cause?: unknown,
): HubUnreachable {
  return new HubUnreachable(`The hub cannot be asked for ${reference.repository}.`, {
    subject: hubName(reference),
    expected: `an answer of ${endpoint}`,
    received,
    advice:
      `Check the network, or copy ${new CachedRepository(reference, { cache, copies: false }).folder} from a computer that has fetched it; ` +
      "a mirror of the hub can be named in HF_ENDPOINT.",
    cause,
  });
}

/**
 * `fetch` for the hub's own library: through the network of this computer, with the token for the hub's own host, tried again where that may help.
 * What it gives is a whole answer in JSON.
 */
function hubFetch(reference: HubReference, access: HubAccess): typeof globalThis.fetch {
  const { settings, network, attempts, timing, signal } = access;
  const ask = fetchOf(network);
  const once = async (url: string, init: RequestInit): Promise<Response> => {
    const stalled = AbortSignal.timeout(timing.stall);
    try {
      const response = await ask(url, {
        ...init,
        headers: { ...plainHeaders(init.headers), ...hubHeaders(settings, url), "user-agent": `graft/${version}` },
        signal: AbortSignal.any(signal === undefined ? [stalled] : [stalled, signal]),
      });
      if (response.url !== "" && isOpenAddress(response.url)) {
        await response.body?.cancel();
        throw unreachable(reference, settings, `an answer from ${response.url}, which is not protected by https`);
      }
      const interruption = busy(response);
      if (interruption !== undefined || !response.ok) {
        await response.body?.cancel();
        throw interruption ?? refusal(response, reference, settings);
      }
      return await wholeJson(response);
    } catch (cause) {
      signal?.throwIfAborted();
      if (cause instanceof Interruption || cause instanceof DownloadError) throw cause;
      if (stalled.aborted) throw new Interruption(`no answer for ${String(timing.stall / 1000)} s`, { cause });
      const { code, words } = networkFailure(cause, proxyName(network, url));
      if (transientCodes.has(code ?? "")) throw new Interruption(words, { cause });
      throw unreachable(reference, settings, words, cause);
    }
  };
  return async (input, init = {}) => {
    const url = input instanceof Request ? input.url : String(input);
    for (let failures = 1; ; failures++) {
      try {
        return await once(url, init);
      } catch (cause) {
        if (!(cause instanceof Interruption)) throw cause;
        const wait = waitBefore(failures, timing.retry, cause);
        if (failures >= attempts || wait === undefined) throw unreachable(reference, settings, cause.message, cause);
        await sleep(wait, undefined, { signal });
      }
    }
  };
}

function plainHeaders(headers: RequestInit["headers"]): Record<string, string> {
  return Object.fromEntries(new Headers(headers));
}

/** The same answer, read to its end; a login page, or half an answer, must not get as far as the library. */
async function wholeJson(response: Response): Promise<Response> {
  const text = await response.text();
  try {
    JSON.parse(text);
  } catch (cause) {
    const page = /^\s*</.test(text);
    throw new Interruption(
      page
        ? "a page of a website in place of data: a proxy's login, or an address in HF_ENDPOINT that is no hub"
        : "an answer that breaks off, or is no JSON",
      { cause },
    );
  }
  return new Response(text, { status: response.status, headers: response.headers });
}
