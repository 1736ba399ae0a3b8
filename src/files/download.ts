import { type FileHandle, open, rm, stat } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { DownloadError, FileError } from "../errors/errors.js";
import { makeFolder, replaceFile, syncFile, syncFolder, writeFileAtomically } from "./atomic-write.js";
import { type Checksum, hashFile } from "./checksum.js";
import { withFileLock } from "./file-lock.js";
import { errorCode, fileSystemError, freeBytes } from "./file-system-errors.js";
import { isOpenAddress } from "./open-address.js";
import { openRegularFile, readRegularText, requireRegular } from "./regular-file.js";
import { fetchOf, type Network, ownNetwork, proxyName } from "./network.js";
import { busy, Interruption, networkFailure, transientCodes, waitBefore } from "./network-failure.js";

/** How far a download is. */
export interface DownloadProgress {
  /** Bytes on disk, those of earlier attempts included. */
  readonly received: number;
  /** Bytes of the whole file; undefined when neither the caller nor the server says so. */
  readonly total: number | undefined;
  /** Mean rate since the connection was made, in bytes per second. */
  readonly bytesPerSecond: number;
}

/** What to download, and where to. */
export interface DownloadOptions {
  readonly url: string;
  /** Path of the finished file; missing folders are made. */
  readonly destination: string;
  /** What messages call it. Default: the destination's file name. */
  readonly name?: string | undefined;
  /** Sent along, to the host of `url` alone: `authorization` does not follow a redirect to another one, as fetch wants it. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** What it means that the server refuses. Default: what every server would mean. */
  readonly refusal?: ((response: Response) => Error) | undefined;
  /** What the finished file must add up to; default: nobody knows, and each file that is complete is taken. */
  readonly checksum?: Checksum | undefined;
  /** Bytes of the finished file, when known before. */
  readonly size?: number | undefined;
  /** Called with each piece that has been written. */
  readonly onProgress?: (progress: DownloadProgress) => void;
  /** Stands in for the network of this computer. */
  readonly fetch?: typeof globalThis.fetch;
  /** How the network is reached. Default: as npm's configuration and the environment say. */
  readonly network?: Network;
  /** What to do where the folder cannot be written to or has no room, such as the variable that chooses another. */
  readonly elsewhere?: string | undefined;
  /** Ends the download; what has arrived is kept for the next attempt. */
  readonly signal?: AbortSignal | undefined;
}

/** Times in ms, shorter in tests. */
interface Timing {
  /** How long to wait for the next bytes. */
  readonly stall: number;
  /** How long to wait before the second attempt; twice as long before each further one. */
  readonly retry: number;
}

/** Where nobody knows how large a file is, no more than this is taken, in bytes. */
const mostOfUnknownSize = 16 * 2 ** 30;

/** Attempts in a row that may end without a single byte more than before. */
const fruitlessAttempts = 3;

/**
 * Downloads a file and checks it. A file already at the destination with the right checksum is used as it is. Bytes go
 * to `<destination>.part`; an interrupted download goes on where it stopped, in this run or the next, when the server
 * can do so, and starts again otherwise. The destination never holds anything but the checked file.
 *
 * @param options what, and where to
 * @param timing shorter times, for tests
 * @returns whether the file was `present`, or has been `downloaded`
 * @throws DownloadError when the server cannot be reached, refuses, stalls or keeps breaking off, or when the bytes do
 * not fit the checksum; the message says which URL to download by other means, and where to put the file
 * @throws FileError when the disk is full or the folder cannot be written to
 * @see https://www.rfc-editor.org/rfc/rfc9110#name-range-requests
 */
export async function downloadFile(
  options: DownloadOptions,
  timing: Partial<Timing> = {},
): Promise<"present" | "downloaded"> {
  if (await isComplete(options)) return "present";
  const { destination, signal } = options;
  await onDisk(destination, () => makeFolder(dirname(destination)), "write", options.elsewhere);
  // One lock instead of a part file for each process: only a part file with a fixed name can be resumed in the next
  // run, and a second process had better wait than fetch half a gigabyte again. Should two processes ever get past the
  // lock (see withFileLock), they spoil the part file, which the checksum then rejects, but never the destination.
  return withFileLock(
    `${destination}.lock`,
    async () => {
      if (await isComplete(options)) return "present";
      await new Download(options, await accessOf(options), { stall: 30_000, retry: 500, ...timing }).run();
      return "downloaded";
    },
    { signal },
  );
}

async function isComplete({ destination, checksum, size }: DownloadOptions): Promise<boolean> {
  const found = await sizeOf(destination);
  if (found === undefined || (size !== undefined && found !== size)) return false;
  if (checksum === undefined) return true;
  return (await onDisk(destination, () => hashFile(destination, checksum.algorithm), "read")) === wanted(checksum);
}

const wanted = (checksum: Checksum): string => checksum.hex.toLowerCase();

/** What tells whether the server's file is still the one that a part file came from. */
const validatorSchema = z.object({ url: z.string(), validator: z.string() });

/** How a download gets to its server. */
interface Access {
  readonly fetch: typeof globalThis.fetch;
  /** The host of the proxy, if it goes through one. */
  readonly proxy: string | undefined;
}

/** Asked before the time for the first bytes begins: npm's configuration takes a while. */
async function accessOf({ url, fetch, network }: DownloadOptions): Promise<Access> {
  if (fetch !== undefined) return { fetch, proxy: undefined };
  const chosen = network ?? (await ownNetwork());
  return { fetch: fetchOf(chosen), proxy: proxyName(chosen, url) };
}

class Download {
  readonly #part: string;
  /** Remembers, between runs, what `validatorSchema` says. */
  readonly #notes: string;
  /** How many responses the part file was put together from; unknown, hence 2, when it is from an earlier run. */
  #responses = 0;
  /** Whether something is at the destination, which is then not the file that is wanted. */
  #replaces = false;

  constructor(
    private readonly options: DownloadOptions,
    private readonly access: Access,
    private readonly timing: Timing,
  ) {
    this.#part = `${options.destination}.part`;
    this.#notes = `${this.#part}.json`;
  }

  async run(): Promise<void> {
    const { destination, checksum } = this.options;
    this.#replaces = (await sizeOf(destination)) !== undefined;
    // Nothing would tell that the beginning is that of another version of the file.
    if (checksum === undefined) await this.#forget();
    if ((await sizeOf(this.#part)) !== undefined) this.#responses = 2;
    for (let restarted = false; ; restarted = true) {
      await this.#transferAll();
      if (checksum === undefined) break;
      const hex = await onDisk(this.#part, () => hashFile(this.#part, checksum.algorithm), "read");
      if (hex === wanted(checksum)) break;
      const received = await sizeOf(this.#part);
      const kind = kindOf(await beginningOf(this.#part));
      await this.#forget();
      // A file put together from several responses may mix two versions of it; one from a single response is what the
      // server has.
      if (restarted || this.#responses < 2) throw this.#mismatch(checksum, hex, received ?? 0, kind);
    }
    await this.#toDisk(destination, async () => {
      // A power cut could otherwise leave a file of the right name and length without its contents.
      await syncFile(this.#part);
      await replaceFile(this.#part, destination);
      await syncFolder(dirname(destination));
    });
    await this.#forget();
  }

  #toDisk<T>(path: string, action: () => Promise<T>, wanted?: number): Promise<T> {
    return onDisk(path, action, "write", this.options.elsewhere, wanted);
  }

  /** Attempts until the server has sent everything. */
  async #transferAll(): Promise<void> {
    let furthest = (await sizeOf(this.#part)) ?? 0;
    for (let failures = 0; ;) {
      try {
        await this.#transfer();
        return;
      } catch (cause) {
        this.options.signal?.throwIfAborted();
        if (!(cause instanceof Interruption)) throw cause;
        const reached = (await sizeOf(this.#part)) ?? 0;
        failures = reached > furthest ? 0 : failures + 1;
        furthest = Math.max(furthest, reached);
        const wait = waitBefore(failures, this.timing.retry, cause);
        if (failures === fruitlessAttempts || wait === undefined) throw this.#failure(cause.message, cause);
        await sleep(wait, undefined, { signal: this.options.signal });
      }
    }
  }

  /** One request, which goes on from the end of the part file if there is one. */
  async #transfer(): Promise<void> {
    const { size } = this.options;
    let offset = (await sizeOf(this.#part)) ?? 0;
    if (size !== undefined && offset > size) {
      await this.#forget();
      offset = 0;
    }
    // Of nothing there is no part file yet.
    if (offset === size && size > 0) return;
    const stall = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const awaitBytes = (): void => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        stall.abort(new Interruption(`no bytes from the server for ${String(this.timing.stall / 1000)} s`));
      }, this.timing.stall);
    };
    try {
      awaitBytes();
      const response = await this.#request(offset, stall.signal);
      clearTimeout(timer);
      if (response === "complete") return;
      const start = response.status === 206 ? offset : 0;
      if (start === 0) await this.#remember(response);
      this.#responses = start === 0 ? 1 : this.#responses + 1;
      const total = this.#total(response, start);
      this.#checkRoom(total === undefined ? 0 : total - start);
      const handle = await this.#toDisk(this.#part, () => open(this.#part, start === 0 ? "w" : "a"));
      const chunks = chunksOf(response, stall.signal);
      try {
        await this.#write(chunks, handle, start, total, awaitBytes, () => {
          clearTimeout(timer);
        });
      } finally {
        await chunks.return(undefined); // Hangs up, if the server has more to say.
        await handle.close();
      }
    } finally {
      clearTimeout(timer);
    }
  }

  async #write(
    chunks: AsyncIterator<Uint8Array, undefined>,
    handle: FileHandle,
    start: number,
    total: number | undefined,
    awaitBytes: () => void,
    gotBytes: () => void,
  ): Promise<void> {
    const began = performance.now();
    const most = this.options.size ?? mostOfUnknownSize;
    let received = start;
    for (;;) {
      awaitBytes();
      const { done, value } = await chunks.next();
      // A slow disk is no stalled server.
      gotBytes();
      if (done === true) break;
      const left = total === undefined ? undefined : total - received;
      await this.#toDisk(this.#part, () => handle.writeFile(value), left);
      received += value.byteLength;
      if (received > most) {
        await this.#forget();
        throw this.#failure(`more than the ${String(most)} bytes that it may have`);
      }
      const seconds = Math.max(performance.now() - began, 1) / 1000;
      this.options.onProgress?.({ received, total, bytesPerSecond: (received - start) / seconds });
    }
    if (total !== undefined && received < total) {
      throw new Interruption(`the connection ended after ${String(received)} of ${String(total)} bytes`);
    }
  }

  /** The response that has the bytes, or `complete` when the server says that there are none behind the offset. */
  async #request(offset: number, stalled: AbortSignal): Promise<Response | "complete"> {
    const { url, signal } = this.options;
    // Ranges count the bytes on the wire, so these must be the file's own.
    const headers: Record<string, string> = { ...this.options.headers, "accept-encoding": "identity" };
    if (offset > 0) {
      headers["range"] = `bytes=${String(offset)}-`;
      const validator = await this.#validator();
      if (validator !== undefined) headers["if-range"] = validator;
    }
    this.#checkClosed(url);
    let response: Response;
    try {
      response = await this.access.fetch(url, {
        headers,
        signal: AbortSignal.any(signal ? [stalled, signal] : [stalled]),
      });
    } catch (cause) {
      signal?.throwIfAborted();
      if (stalled.aborted) throw stalled.reason;
      const { code, words } = networkFailure(cause, this.access.proxy);
      if (transientCodes.has(code ?? "")) throw new Interruption(words, { cause });
      throw this.#failure(words, cause);
    }
    if (response.url !== "" && isOpenAddress(response.url)) {
      await response.body?.cancel();
      this.#checkClosed(response.url);
    }
    if (response.status === 200) return response;
    if (response.status === 206) {
      const first = /^bytes (\d+)-/.exec(response.headers.get("content-range") ?? "")?.[1];
      if (Number(first) === offset) return response;
    }
    await response.body?.cancel();
    if (response.status === 416) return "complete";
    if (response.status === 206) {
      await this.#forget();
      throw new Interruption("the server sent another part of the file than was asked for");
    }
    const interruption = busy(response);
    if (interruption !== undefined) throw interruption;
    throw (
      this.options.refusal?.(response) ?? this.#failure(`HTTP ${String(response.status)} ${response.statusText}`.trim())
    );
  }

  /** Half a gigabyte is not fetched only to find at its end that there is no room for it. */
  #checkRoom(wanted: number): void {
    const free = freeBytes(dirname(this.#part));
    if (free === undefined || !(wanted > free)) return;
    const full = Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
    throw fileSystemError(full, this.options.destination, "write", this.options.elsewhere, wanted);
  }

  #total(response: Response, start: number): number | undefined {
    // With an encoding that was not asked for, the length is not that of the file.
    const length = response.headers.has("content-encoding") ? null : response.headers.get("content-length");
    return length === null ? this.options.size : start + Number(length);
  }

  /** Notes what identifies the server's version of the file, for If-Range in a later request. */
  async #remember(response: Response): Promise<void> {
    const etag = response.headers.get("etag");
    // RFC 9110 forbids weak entity tags in If-Range.
    const validator = etag !== null && !etag.startsWith("W/") ? etag : response.headers.get("last-modified");
    await this.#toDisk(this.#notes, async () => {
      if (validator === null) await rm(this.#notes, { force: true });
      else await writeFileAtomically(this.#notes, JSON.stringify({ url: this.options.url, validator }));
    });
  }

  /** undefined also when the notes are of another URL, or damaged; then only the checksum tells. */
  async #validator(): Promise<string | undefined> {
    try {
      const notes = validatorSchema.parse(JSON.parse(await readRegularText(this.#notes, { most: 2 ** 20 })));
      return notes.url === this.options.url ? notes.validator : undefined;
    } catch {
      return undefined;
    }
  }

  async #forget(): Promise<void> {
    await onDisk(this.#part, async () => {
      await rm(this.#part, { force: true });
      await rm(this.#notes, { force: true });
    });
  }

  #checkClosed(url: string): void {
    if (!isOpenAddress(url)) return;
    throw new DownloadError(`${this.#name} cannot be downloaded.`, {
      subject: url,
      expected: "an address that begins with https, for nobody on the way may change the file",
      received: url,
      advice: `Name an address with https, or download the file in another way and save it as ${this.options.destination}.`,
    });
  }

  #failure(received: string, cause?: unknown): DownloadError {
    const { url, destination } = this.options;
    return new DownloadError(`${this.#name} cannot be downloaded.`, {
      subject: url,
      expected: `a file at ${url}`,
      received: this.#replaces ? `${received}; and ${destination} is another file, or a part of it` : received,
      advice: `Check the network, or download ${url} in another way and save it as ${destination}: the next run finds it there.`,
      cause,
    });
  }

  get #name(): string {
    return this.options.name ?? basename(this.options.destination);
  }

  #mismatch(checksum: Checksum, hex: string, received: number, kind: string | undefined): DownloadError {
    const { url, destination, size } = this.options;
    const bytes = size === undefined ? "" : ` (${String(size)} bytes)`;
    return new DownloadError(`${this.#name} is not the expected file.`, {
      subject: url,
      expected: `${checksum.algorithm} ${wanted(checksum)}${bytes}`,
      received: `${checksum.algorithm} ${hex} (${String(received)} bytes${kind === undefined ? "" : `: ${kind}`}) from ${url}`,
      advice:
        "Something on the way may have replaced it, such as a proxy's login page. " +
        `Try again, or save the right file as ${destination}.`,
    });
  }
}

/** The pieces of a response's body; a break is an {@link Interruption}. */
async function* chunksOf(response: Response, stalled: AbortSignal): AsyncGenerator<Uint8Array, undefined> {
  try {
    for await (const chunk of response.body ?? []) yield chunk as Uint8Array;
  } catch (cause) {
    if (stalled.aborted) throw stalled.reason;
    throw new Interruption(`the connection broke: ${networkFailure(cause).words}`, { cause });
  }
  return undefined;
}

/** The first bytes of a file, as text. */
export async function beginningOf(path: string): Promise<string> {
  const handle = await onDisk(path, () => openRegularFile(path), "read");
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(256), 0, 256, 0);
    return buffer.toString("latin1", 0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** What servers send in place of files, told by its first bytes; `undefined` for anything else. */
export function kindOf(beginning: string): string | undefined {
  if (beginning.startsWith("version https://git-lfs.github.com/spec/")) {
    return "a pointer of Git LFS, which says where the file is, in its place";
  }
  return /^\s*(<!doctype html|<html)/i.test(beginning) ? "a page of a website" : undefined;
}

/** Of nothing, and of a link that leads nowhere, `undefined`; a pipe of that name would be waited for. */
async function sizeOf(path: string): Promise<number | undefined> {
  try {
    const entry = await stat(path);
    // Reading refuses whatever else is no file.
    if (entry.isFIFO()) requireRegular(entry, path);
    return entry.size;
  } catch (cause) {
    if (errorCode(cause) === "ENOENT") return undefined;
    throw fileSystemError(cause, path, "read");
  }
}

async function onDisk<T>(
  path: string,
  action: () => Promise<T>,
  kind: "read" | "write" = "write",
  advice?: string,
  wanted?: number,
): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    throw fileSystemError(cause instanceof FileError ? (cause.cause ?? cause) : cause, path, kind, advice, wanted);
  }
}
