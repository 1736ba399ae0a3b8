import { basename, dirname, join } from "node:path";
import { FileError, UsageError } from "../errors/errors.js";
import { didYouMean } from "../errors/nearest.js";
import { count, quotedList } from "../errors/words.js";
import { errorCode } from "../files/file-system-errors.js";
import { writeNewFile } from "../files/new-file.js";
import { prepareFolder } from "../files/output-folder.js";
import { decodeAhead } from "../photos/decode-ahead.js";
import { seenPart } from "../photos/framing.js";
import { namedPhotos } from "../photos/named-photos.js";
import { PhotoError } from "../photos/photo-error.js";
import { readableFormats } from "../photos/photo-format.js";
import type { Explanation } from "../recipe/explain/explainer.js";
import type { ExplainMethod } from "../recipe/explain/methods.js";
import type { PhotoExplainer } from "../recipe/explain/open-explainer.js";
import { heatPicture } from "../report/heat-picture.js";
import { type JobContext, openDevice } from "./job.js";

/** What `graft explain` is asked for. */
export interface ExplainRequest {
  /** A run folder, or a `model.onnx`. */
  readonly model: string;
  /** Files, folders and patterns. */
  readonly photos: readonly string[];
  /** Default what suits the network. */
  readonly method: ExplainMethod | undefined;
  /** Name of the class that is explained; default the one that the classifier says. */
  readonly label: string | undefined;
  /** Folder of the pictures; default beside each photo. */
  readonly out: string | undefined;
  readonly device: string;
}

function classOf({ labels }: PhotoExplainer, label: string | undefined): number | undefined {
  if (label === undefined) return undefined;
  const index = labels.indexOf(label);
  if (index >= 0) return index;
  throw new UsageError("The classifier has no such class.", {
    subject: "--class",
    expected: quotedList(labels),
    received: `"${label}"`,
    advice: didYouMean(label, labels),
  });
}

/** Of each cell as much as tells it from others. */
function rowsOf(data: Float32Array, columns: number): number[][] {
  return Array.from({ length: data.length / columns }, (_, row) =>
    Array.from(data.subarray(row * columns, (row + 1) * columns), (value) => Math.round(value * 1e4) / 1e4),
  );
}

/** Whether a picture that cannot be written is that of one photo, or folder, and others can be. */
function concernsOne(error: FileError, out: string | undefined): boolean {
  const code = errorCode(error.cause);
  return code === "ENAMETOOLONG" || (out === undefined && ["EACCES", "EPERM", "EROFS", "ENOTDIR"].includes(code ?? ""));
}

/**
 * Draws where in photos a classifier sees what speaks for a class, a PNG for each; those that cannot be read are named and left out,
 * and so are those beside which no picture can be written.
 *
 * @throws UsageError for a folder without photos and a pattern that nothing fits, when the classifier has no class of this name, or the method does not suit it
 * @throws FileError when the classifier, or each of the photos, cannot be read, or a picture cannot be written
 */
export async function explainPhotos(
  { model, photos: words, method, label, out, device }: ExplainRequest,
  context: JobContext,
): Promise<void> {
  const { emit, parts } = context;
  const runtime = await openDevice(device, context);
  const photos = await namedPhotos(words);
  const explainer = await parts.openExplainer(runtime, model, method);
  let explained = 0;
  let lost: { readonly path: string; readonly reason: string } | undefined;
  let unwritten: FileError | undefined;
  let skipped = 0;
  try {
    const classIndex = classOf(explainer, label);
    const { labels, framing, shrinksTo: resizedTo } = explainer;
    for await (const decoded of decodeAhead(
      photos.map((path) => ({ path })),
      { resizedTo },
    )) {
      const { path } = decoded.item;
      if ("reason" in decoded) {
        const { reason } = decoded;
        lost ??= { path, reason };
        skipped++;
        emit({ event: "skipped", path, reason });
        continue;
      }
      const { photo } = decoded;
      const folder = out ?? dirname(path);
      let explanation: Explanation;
      let file: string;
      try {
        // What cannot be kept is not computed, which may take a minute.
        await prepareFolder(folder);
        explanation = await explainer.explain(photo, classIndex);
        const drawn = await heatPicture(photo, explanation.heat, seenPart(framing, photo));
        const picture = new Uint8Array(await drawn.png().toBuffer());
        file = await writeNewFile(join(folder, `${basename(path)}.heat.png`), picture);
      } catch (error) {
        if (!(error instanceof FileError) || !concernsOne(error, out)) throw error;
        unwritten ??= error;
        skipped++;
        emit({ event: "skipped", path, reason: `its picture cannot be written: ${error.received ?? error.message}` });
        continue;
      }
      explained++;
      const { heat, output, method: used } = explanation;
      emit({
        event: "explanation",
        path,
        label: labels[explanation.classIndex] ?? "",
        probability: output,
        method: used,
        picture: file,
        heat: rowsOf(heat.data as Float32Array, heat.dims[1] ?? 1),
      });
    }
    if (unwritten !== undefined && explained === 0) throw unwritten;
    if (lost !== undefined && explained === 0) {
      if (photos.length === 1) throw new PhotoError(lost.path, lost.reason);
      throw new FileError("No photo could be used.", {
        subject: lost.path,
        expected: `at least one ${readableFormats}`,
        received: `${count(photos.length, "file")} that cannot be used, such as ${lost.path} (${lost.reason})`,
      });
    }
    emit({ event: "done", command: "explain", photos: explained, skipped, device: runtime.device });
  } finally {
    await explainer.release();
  }
}
