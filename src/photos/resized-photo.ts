import { createNodeRuntime } from "../runtime/node/runtime.js";
import { decodePhoto } from "./decode.js";
import { PhotoResizer } from "./photo-resizer.js";

/**
 * A graph a size, kept as long as its thread: making one takes much longer than resizing a photo with it. It changes no pixel,
 * and a process uses few sizes.
 */
const resizers = new Map<number, Promise<PhotoResizer>>();

/**
 * Decodes a photo and resizes it for a network. One core does all of it: many photos keep all cores busy best when each has one.
 *
 * @param path of its file
 * @param size height and width of the result, in pixels
 * @returns `[size, size, 3]` uint8
 * @throws PhotoError when the file cannot be used
 */
export async function resizedPhoto(path: string, size: number): Promise<Uint8Array> {
  const resizer = resizers.get(size) ?? PhotoResizer.create(createNodeRuntime({ threads: 1 }), size);
  resizers.set(size, resizer);
  const photo = await decodePhoto(path, { resizedTo: size });
  return (await resizer).resize(photo);
}
