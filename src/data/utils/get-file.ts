import { rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { checkOptionNames, refuseOption } from "../../errors/check.js";
import { cacheFolder } from "../../files/cache.js";
import type { Checksum } from "../../files/checksum.js";
import { downloadFile, type DownloadProgress } from "../../files/download.js";
import { type ArchiveFormat, extractArchive } from "../../files/extract-archive.js";
import { withFileLock } from "../../files/file-lock.js";
import { fileSystemError } from "../../files/file-system-errors.js";
import { platform } from "../../models/platform.js";

/** What {@link getFile} gets, and where to; names and meaning are Keras's. */
export interface GetFileOptions {
  /** Name of the file; default that of the address. */
  readonly fname?: string | null | undefined;
  /** Address, `http:` or `https:`. */
  readonly origin: string;
  /** Whether it is an archive that is unpacked; default `false`. */
  readonly extract?: boolean | undefined;
  /** Whether it is a tar archive that is unpacked; default `false`. */
  readonly untar?: boolean | undefined;
  /** What it must add up to, by MD5; an older name of `fileHash`. */
  readonly md5Hash?: string | null | undefined;
  /** What it must add up to, hexadecimal. */
  readonly fileHash?: string | null | undefined;
  /** Default `"auto"`: by the length of the hash. */
  readonly hashAlgorithm?: "auto" | "md5" | "sha256" | undefined;
  /** Folder of all such files; default Graft's cache, see `GRAFT_CACHE`. */
  readonly cacheDir?: string | null | undefined;
  /** Folder in it; default `"datasets"`. */
  readonly cacheSubdir?: string | undefined;
  /** Kinds of archives that it may be; default `"auto"`: `"tar"` and `"zip"`. */
  readonly archiveFormat?: "auto" | ArchiveFormat | readonly ArchiveFormat[] | null | undefined;
  /** Whether it is downloaded though it is there; default `false`. */
  readonly forceDownload?: boolean | undefined;
}

const owner = "getFile";
const names = [
  ...["fname", "origin", "extract", "untar", "md5Hash", "fileHash", "hashAlgorithm"],
  ...["cacheDir", "cacheSubdir", "archiveFormat", "forceDownload"],
];

function addressOf(origin: unknown): URL {
  const url = typeof origin === "string" && URL.canParse(origin) ? new URL(origin) : undefined;
  if (url !== undefined && ["http:", "https:"].includes(url.protocol)) return url;
  return refuseOption(owner, "origin", "an address that begins with http:// or https://", origin);
}

function checksumOf(options: GetFileOptions): Checksum | undefined {
  const md5 = options.md5Hash ?? undefined;
  const hash = options.fileHash ?? md5;
  if (hash === undefined) return undefined;
  const { hashAlgorithm = "auto" } = options;
  if (!["auto", "md5", "sha256"].includes(hashAlgorithm)) {
    refuseOption(owner, "hashAlgorithm", '"auto", "md5" or "sha256"', hashAlgorithm);
  }
  const isLong = hashAlgorithm === "auto" ? hash.length === 64 : hashAlgorithm === "sha256";
  const algorithm = isLong && options.fileHash !== undefined && options.fileHash !== null ? "sha256" : "md5";
  const digits = algorithm === "sha256" ? 64 : 32;
  if (hash.length !== digits || !/^[0-9a-f]+$/i.test(hash)) {
    refuseOption(owner, "fileHash", `${digits} hexadecimal digits for ${algorithm}`, hash);
  }
  return { algorithm, hex: hash.toLowerCase() };
}

function formatsOf({ archiveFormat = "auto", untar = false }: GetFileOptions): readonly ArchiveFormat[] {
  if (untar) return ["tar"];
  const formats = archiveFormat === "auto" || archiveFormat === null ? ["tar", "zip"] : [archiveFormat].flat();
  const wrong = formats.find((one) => one !== "tar" && one !== "zip");
  if (wrong !== undefined) refuseOption(owner, "archiveFormat", '"auto", "tar", "zip", or a list of these', wrong);
  return formats as readonly ArchiveFormat[];
}

/** Says how far a download is, a line each tenth. */
function progress(): (state: DownloadProgress) => void {
  let tenths = 0;
  return ({ received, total }) => {
    if (total === undefined || total < 2 ** 22) return;
    const now = Math.floor((10 * received) / total);
    if (now <= tenths) return;
    tenths = now;
    platform().print(`${10 * now} % of ${(total / 1e6).toFixed(1)} MB`);
  };
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/**
 * Downloads a file, unless it is there already, and unpacks it where it is an archive.
 *
 * @returns path of the file, or of the folder that it was unpacked into: `<name>_extracted`, as in Keras
 * @throws DownloadError when it cannot be had, or is not what `fileHash` says; the message says which file to put where
 * @throws FileError when an archive is damaged or leads out of its folder
 * @see https://keras.io/api/utils/python_utils/#getfile-function Files come into Graft's cache in place of `~/.keras`
 */
export async function getFile(options: GetFileOptions): Promise<string> {
  const given: unknown = options;
  if (typeof given !== "object" || given === null)
    refuseOption(owner, "options", "{ origin, fname, … }", String(given));
  checkOptionNames(owner, options, names);
  const { extract = false, untar = false, forceDownload = false, cacheSubdir = "datasets" } = options;
  const origin = addressOf(options.origin);
  const own = options.fname ?? undefined;
  const fname = own ?? basename(decodeURIComponent(origin.pathname));
  if (fname === "" || fname === "." || fname === ".." || /[/\\]/.test(fname)) {
    refuseOption(owner, "fname", "the name of a file, without folders", fname || "an address without one");
  }
  const folder = join(options.cacheDir ?? cacheFolder(), cacheSubdir);
  const unpacks = extract || untar;
  const stem = fname.includes(".") ? fname.slice(0, fname.indexOf(".")) : fname;
  const hasEnding = own !== undefined && fname.includes(".");
  const file = join(folder, unpacks && !hasEnding ? `${fname}_archive` : fname);
  const unpacked = join(folder, hasEnding ? `${stem}_extracted` : fname);
  const checksum = checksumOf(options);
  const formats = formatsOf(options);
  if (forceDownload) {
    await rm(file, { force: true }).catch((cause: unknown) => {
      throw fileSystemError(cause, file, "write");
    });
  }
  const isNew = !(await isThere(file));
  if (isNew) platform().print(`Downloading data from ${options.origin}`);
  const state = await downloadFile({
    url: origin.href,
    destination: file,
    checksum,
    elsewhere: "Give another cacheDir, or set the environment variable GRAFT_CACHE to another folder.",
    onProgress: progress(),
  });
  if (!unpacks) return file;
  if (state === "downloaded" || !(await isThere(unpacked))) {
    // Another process may be at the same archive: who waits for it finds that it is done.
    const wasThere = await isThere(unpacked);
    await withFileLock(`${unpacked}.lock`, async () => {
      if (wasThere || !(await isThere(unpacked))) await extractArchive(file, unpacked, formats);
    });
  }
  return unpacked;
}
