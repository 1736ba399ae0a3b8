import { createNodeRuntime } from "../runtime/node/runtime.js";
import { type DecodeOptions, decodePhoto } from "./decode.js";
import { type Framing, shrunkTo } from "./framing.js";
import type { PhotoBytes } from "./photo-file.js";
import { bytesWhileResized, PhotoResizer } from "./photo-resizer.js";
import { croppedTo, mirror, type View, wholeView } from "./view.js";

/**
 * A graph a framing, kept as long as its thread: making one takes much longer than resizing a photo with it. It changes no pixel,
 * and a process uses few of them.
 */
const resizers = new Map<string, Promise<PhotoResizer>>();

/**
 * Decodes a photo once and frames views of it for a network. One core does all of it: many photos keep all cores busy best when
 * each has one.
 *
 * @param file read before
 * @param framing how a view becomes a picture, as if it were a photo
 * @param views which parts of it; default the whole photo
 * @param onMemory told how to give its memory back; default: it is given back once it is decoded
 * @returns `[views, size, size, 3]` uint8, one view behind the other
 * @throws PhotoError when the file cannot be used
 */
export async function resizedPhoto(
  { path, bytes }: PhotoBytes,
  framing: Framing,
  views: readonly View[] = [wholeView],
  onMemory?: DecodeOptions["onMemory"],
): Promise<Uint8Array> {
  const { size } = framing;
  const key = JSON.stringify(framing);
  const making = resizers.get(key) ?? PhotoResizer.create(createNodeRuntime({ threads: 1 }), framing);
  resizers.set(key, making);
  const resizer = await making;
  const shrinking = { resizedTo: shrunkTo(framing), bytesPerPixel: bytesWhileResized };
  const photo = await decodePhoto(bytes, { name: path, ...shrinking, onMemory });
  const made = new Uint8Array(views.length * size * size * 3);
  for (const [index, view] of views.entries()) {
    const pixels = await resizer.resize(croppedTo(photo, view));
    made.set(view.mirrored ? mirror(pixels, size) : pixels, index * size * size * 3);
  }
  return made;
}
