import { FileError } from "../errors/errors.js";
import { shellWord } from "../errors/shell-word.js";
import { errorCode } from "../files/file-system-errors.js";
import { PhotoError } from "../photos/photo-error.js";
import { PhotosGoneError } from "../photos/photo-root.js";
import { type LostPhoto, writeLostPhotos } from "../runs/lost-photos.js";
import type { JobContext } from "./job.js";

/** Photos that went while a run used them: they are named once each, and written down beside what the run has saved. */
export class LostPhotos {
  private readonly photos: LostPhoto[] = [];

  /**
   * @param run the run's folder
   * @param before those that had gone before the run was stopped; they are told once more
   * @param isKept whether the run can be gone on with
   */
  constructor(
    private readonly run: string,
    before: readonly LostPhoto[],
    private readonly isKept: boolean,
    private readonly emit: JobContext["emit"],
  ) {
    for (const photo of before) this.tell(photo);
  }

  /** In words, as warnings. */
  get warnings(): readonly { readonly code: string; readonly message: string }[] {
    return this.photos.map((photo) => ({ code: "photo-lost", message: text(photo) }));
  }

  /** Hears of one more. */
  readonly add = async (path: string, reason: string): Promise<void> => {
    if (this.photos.some((photo) => photo.path === path)) return;
    this.tell({ path, reason });
    if (!this.isKept) return;
    try {
      await writeLostPhotos(this.run, this.photos);
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      this.emit({ event: "warning", code: "no-checkpoint", message: error.message });
    }
  };

  private tell(photo: LostPhoto): void {
    this.photos.push(photo);
    this.emit({ event: "warning", code: "photo-lost", message: text(photo) });
  }
}

function text({ path, reason }: LostPhoto): string {
  return `${path} was lost while it was learned from (${reason}): where parts of it were to be seen, the whole that was kept stands in.`;
}

/**
 * The error of a run that its photos have left, with the way back.
 *
 * @param error whatever has ended the run
 * @param run the run's folder
 */
export function withWayBack(error: unknown, run: string): unknown {
  const goOn = `graft train --resume ${shellWord(run, process.platform)}`;
  if (error instanceof PhotosGoneError) {
    const { subject, expected, received } = error;
    return new PhotosGoneError(`The folder ${subject} has gone while its photos were used.`, {
      ...{ subject, expected, received, cause: error },
      advice: `What was reached is kept. Bring the folder back, or connect its disk again, and go on: ${goOn}`,
    });
  }
  if (error instanceof PhotoError) {
    return new FileError(`The photo ${error.path} has gone while it was learned from.`, {
      subject: error.path,
      expected: "the photo that was there when the run began",
      received: error.reason,
      advice: `What was reached is kept. Put the photo back, and go on: ${goOn}`,
      cause: error,
    });
  }
  return error;
}

/**
 * An error of a run that is gone on with, which says how to name its photos or its network where they are now.
 *
 * @param error whatever has ended it
 * @param places where the run had them
 */
export function withNewPlace(
  error: unknown,
  run: string,
  places: { readonly directory: string; readonly network: string },
): unknown {
  if (!(error instanceof FileError) || errorCode(error.cause) !== "ENOENT") return error;
  const { subject, expected, received } = error;
  const again = shellWord(run, process.platform);
  const how =
    subject === places.directory
      ? `graft train DIR --resume ${again}`
      : subject === places.network
        ? `graft train --resume ${again} --network FILE`
        : undefined;
  if (how === undefined) return error;
  return new FileError(`${subject}, with which the run was begun, is not there.`, {
    ...{ subject, expected, received, cause: error },
    advice: `Put it back, or say where it is now: ${how}`,
  });
}
