import { mkdtemp, rm } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { FileError } from "../errors/errors.js";
import { byteCount } from "../errors/words.js";
import { fileSystemError, freeBytes } from "../files/file-system-errors.js";
import type { ReservedFolder } from "./reserve-run-folder.js";
import { runFiles, type RunContents, writeRunFolder } from "./run-files.js";

/**
 * Puts what a run has learned into its folder; where that cannot be written to, or has no room, somewhere else: an hour of training is
 * not thrown away for a full disk.
 */
export class RunKeeper {
  /** The last model, as long as it is not in the folder. */
  private waiting: Uint8Array | undefined;
  private hasModel = false;
  private told = false;

  /**
   * @param folder of the run
   * @param onTrouble hears once that a model could not be written, and what becomes of it
   * @param places where the rest goes to in the end; default the system's folder for temporary files, this one, and the user's
   */
  constructor(
    private readonly folder: Pick<ReservedFolder, "path" | "check">,
    private readonly onTrouble: (message: string) => void,
    private readonly places: () => readonly string[] = () => [tmpdir(), process.cwd(), homedir()],
  ) {}

  /** Writes a model in place of the one before, or remembers it where that is not possible now; gives whether it was written. */
  async keepModel(model: Uint8Array): Promise<boolean> {
    this.waiting = model;
    try {
      await this.writeWaiting();
      return true;
    } catch (cause) {
      if (!(cause instanceof FileError)) throw cause;
      if (!this.told) this.onTrouble(`${cause.message} The training goes on, and this is tried again.`);
      this.told = true;
      return false;
    }
  }

  /** Tries once more to write a model that could not be written; gives whether the last one is in the folder. */
  async retry(): Promise<boolean> {
    return this.waiting === undefined || this.keepModel(this.waiting);
  }

  private async writeWaiting(): Promise<void> {
    await this.folder.check();
    await writeRunFolder(this.folder.path, { model: this.waiting });
    this.waiting = undefined;
    this.hasModel = true;
  }

  /**
   * Writes the files of the end.
   *
   * @throws FileError when they, or the last model, cannot be written to the run's folder; it says where they are instead
   */
  async finish(files: Omit<RunContents, "model">): Promise<void> {
    try {
      if (this.waiting !== undefined) await this.writeWaiting();
      await this.folder.check();
      await writeRunFolder(this.folder.path, files);
    } catch (cause) {
      if (!(cause instanceof FileError)) throw cause;
      await this.rescue({ ...files, model: this.waiting }, cause);
    }
  }

  private async rescue(files: RunContents, cause: FileError): Promise<never> {
    const { path } = this.folder;
    const names = Object.entries(files).flatMap(([key, value]) =>
      value === undefined ? [] : [runFiles[key as keyof RunContents]],
    );
    const before = this.hasModel ? ` ${join(path, runFiles.model)} is the last that could be written.` : "";
    for (const place of new Set(this.places().map((one) => resolve(one)))) {
      const made = await mkdtemp(join(place, `graft-${shortName(path)}-`)).catch(() => undefined);
      if (made === undefined) continue;
      try {
        await writeRunFolder(made, files);
      } catch (failed) {
        await rm(made, { recursive: true, force: true });
        if (failed instanceof FileError) continue;
        throw failed;
      }
      throw new FileError(`What was learned is in ${made}, since ${path} could not be written to.`, {
        subject: cause.subject,
        expected: cause.expected ?? "a place that can be written to",
        received: `${cause.received ?? cause.message} (${cause.subject})`,
        advice:
          `In ${made} are ${names.join(", ")}: move them to ${path} when there is room, for the system may clear that folder.` +
          (files.model === undefined ? before : ""),
        cause,
      });
    }
    throw new FileError(`${cause.message} There was no room elsewhere either: ${names.join(", ")} are lost.${before}`, {
      subject: path,
      cause,
    });
  }
}

/** The name of a folder, so short that more fits behind it: systems take 255 bytes. */
function shortName(path: string): string {
  return Array.from(basename(resolve(path)))
    .slice(0, 40)
    .join("");
}

/**
 * Looks before a run begins whether its folder has room for what it leaves: a model of about the network's size, the one before it while it is
 * replaced, and checkpoints.
 *
 * @param path the folder
 * @param network bytes of the network's weights
 * @param free bytes that are free there; default what the system says
 * @returns a warning where room may run out
 * @throws FileError when there is no room for the model alone
 */
export function checkRoom(path: string, network: number, free = freeBytes(path)): string | undefined {
  const [model, all] = [network + 2 ** 20, 3 * network + 2 ** 22];
  if (free === undefined || free >= all) return undefined;
  if (free < model) {
    const full = Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
    throw fileSystemError(
      full,
      join(path, runFiles.model),
      "write",
      "Free some space, or choose a folder on another disk with --out.",
      model,
    );
  }
  return (
    `${byteCount(free)} are free where the run goes to, ${path}; its model and checkpoints may take ${byteCount(all)}. ` +
    "Free some space meanwhile, or choose a folder on another disk with --out."
  );
}
