import { existsSync } from "node:fs";
import { basename, dirname, extname, resolve } from "node:path";
import { UsageError } from "../errors/errors.js";
import type { StoppableContext } from "./job.js";

/** A classifier that is served, and under which name. */
export interface ServedPath {
  readonly name: string;
  /** A run folder, or a `model.onnx`. */
  readonly path: string;
}

/** What a server takes at most. */
export interface ServeLimits {
  /** Bytes of a request's body. */
  readonly bodyBytes: number;
  /** Photos of a request. */
  readonly photos: number;
  /** Photos that were accepted and are not answered yet, of all requests together. */
  readonly queue: number;
  /** How long a request may take to arrive, and then to be answered, in seconds. */
  readonly seconds: number;
}

/** What `graft serve` is asked for. */
export interface ServeRequest {
  /** At least one; the first answers where none is named. */
  readonly models: readonly ServedPath[];
  /** The address to listen at. */
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
  /** What requests must show; `undefined`: nothing, which only this computer's own address allows. */
  readonly token: string | undefined;
  readonly device: string;
  readonly limits: ServeLimits;
}

/** Serves classifiers over HTTP until its signal says to stop. */
export type Serve = (request: ServeRequest, context: StoppableContext) => Promise<void>;

/** What is taken where nothing else is asked for. */
export const serveDefaults = {
  host: "127.0.0.1",
  port: 8000,
  limits: { bodyBytes: 32e6, photos: 32, queue: 256, seconds: 30 },
} as const;

/** Whether only programs of this computer reach an address. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}

/** `runs/flowers`, `runs/flowers/model.onnx` and `flowers.onnx` are `flowers`. */
function nameOf(path: string): string {
  const whole = resolve(path);
  if (extname(whole).toLowerCase() !== ".onnx") return basename(whole);
  const stem = basename(whole, extname(whole));
  return stem === "model" ? basename(dirname(whole)) : stem;
}

/**
 * What the words of a command line name: paths, or `NAME=PATH`.
 *
 * @throws UsageError when two have one name
 */
export function servedPaths(words: readonly string[]): ServedPath[] {
  const served = words.map((word) => {
    const [, name, path] = /^([^=/\\]+)=(.+)$/s.exec(word) ?? [];
    // A path may have the sign in it.
    if (name === undefined || path === undefined || existsSync(word)) return { name: nameOf(word), path: word };
    return { name, path };
  });
  for (const [index, { name, path }] of served.entries()) {
    const other = served.slice(0, index).find((earlier) => earlier.name === name);
    if (other === undefined) continue;
    throw new UsageError("Two models have the same name.", {
      subject: "MODEL",
      expected: "names that differ",
      received: `"${name}" for ${other.path} and for ${path}`,
      advice: `Name one of them otherwise: another-name=${path}.`,
    });
  }
  return served;
}
