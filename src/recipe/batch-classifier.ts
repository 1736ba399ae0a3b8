import { writeModel } from "../onnx/write-model.js";
import { Generator } from "../random/generator.js";
import { hashBytes } from "../files/checksum.js";
import type { DecodedPhoto } from "../photos/decode.js";
import { decodePool } from "../photos/decode-pool.js";
import { photoMemory } from "../photos/photo-memory.js";
import { bytesWhileResized, PhotoResizer } from "../photos/photo-resizer.js";
import { type Runtime, type Session, Tensor, useOnce } from "../runtime/runtime.js";
import {
  type Classifier,
  createClassifier,
  type Prediction,
  predictionsOf,
  readClassifier,
  runBytes,
} from "./classifier.js";
import { type FramedNetwork, framedNetwork } from "./framed-network.js";
import { classifierBytes } from "./open-classifier.js";

/** A finished classifier for photos that come one by one, from several sides, and are looked at together where several wait. */
export interface BatchClassifier extends Pick<
  Classifier,
  "labels" | "metadata" | "setThreshold" | "distanceThreshold" | "atOnce"
> {
  /** Path of its file. */
  readonly file: string;
  /** Of that file. */
  readonly sha256: string;
  /** The same, as a number of bytes. */
  readonly bytes: number;
  /** The most photos that it looks at in one run; 1 where its file does not say how photos are framed. */
  readonly mostInBatch: number;
  /**
   * Decodes a photo to what {@link predict} takes, on a thread of its own.
   *
   * @param photo what its file holds; nobody uses the bytes afterwards
   * @throws PhotoError when it cannot be used
   */
  prepare(photo: Uint8Array): Promise<DecodedPhoto>;
  /**
   * Looks at photos.
   *
   * @param photos what {@link prepare} gave, as many as `mostInBatch`
   * @returns a prediction each, in their order
   * @throws EngineError when the engine fails
   */
  predict(photos: readonly DecodedPhoto[]): Promise<readonly Prediction[]>;
  /** Frees the engine's sessions, when what was begun is done; it cannot be used afterwards. */
  release(): Promise<void>;
}

/** What errors call photos that come as bytes. */
const name = "photo";

/** More photos in a run are looked at no faster. */
const mostInBatch = 8;

/** Photos after which copies of a network are worth it, without end. */
const endless = Number.POSITIVE_INFINITY;

/** How far probabilities may move by the framing of photos on threads of their own: not at all but for the engine's last digits. */
const tolerance = 1e-5;

type Facts = Pick<BatchClassifier, "labels" | "metadata" | "setThreshold" | "distanceThreshold">;

/** Writes `[size, size, 3]` as `[3, size, size]`. */
function channelsFirst(pixels: Uint8Array, into: Uint8Array): void {
  const plane = into.length / 3;
  for (let channel = 0; channel < 3; channel++) {
    for (let place = 0; place < plane; place++) into[channel * plane + place] = pixels[3 * place + channel] ?? 0;
  }
}

/** One that frames photos where they are decoded, and looks at several of them in a run. */
class FramedBatches {
  readonly mostInBatch = mostInBatch;

  constructor(
    private readonly facts: Facts,
    private readonly file: string,
    private readonly network: FramedNetwork,
    private readonly session: Session,
  ) {}

  get atOnce(): number {
    return this.session.atOnce;
  }

  async prepare(photo: Uint8Array): Promise<DecodedPhoto> {
    const { framing } = this.network;
    const data = await decodePool.run({ kind: "resize", path: name, bytes: photo, options: framing });
    return { width: framing.size, height: framing.size, data };
  }

  async predict(photos: readonly DecodedPhoto[]): Promise<readonly Prediction[]> {
    const { size } = this.network.framing;
    const each = size * size * 3;
    const [input = "photos"] = this.session.inputNames;
    const together = new Uint8Array(photos.length * each);
    for (const [index, { data }] of photos.entries())
      channelsFirst(data, together.subarray(index * each, (index + 1) * each));
    const batch = useOnce(new Tensor("uint8", together, [photos.length, 3, size, size]));
    return predictionsOf(await this.session.run({ [input]: batch }), this.facts, this.file);
  }

  release(): Promise<void> {
    return this.session.release();
  }
}

/** One whose file alone knows how photos are framed: it looks at them one by one, in their own size. */
class SinglePhotos {
  readonly mostInBatch = 1;

  constructor(private readonly classifier: Classifier) {}

  get atOnce(): number {
    return this.classifier.atOnce;
  }

  prepare(photo: Uint8Array): Promise<DecodedPhoto> {
    const { shrinksTo: resizedTo } = this.classifier;
    return decodePool.run({
      kind: "decode",
      path: name,
      bytes: photo,
      options: resizedTo === undefined ? {} : { resizedTo },
    });
  }

  async predict(photos: readonly DecodedPhoto[]): Promise<readonly Prediction[]> {
    const predictions: Prediction[] = [];
    for (const photo of photos) {
      // The classifier resizes it.
      const giveBack = await photoMemory.take(photo.width * photo.height * bytesWhileResized);
      try {
        predictions.push(await this.classifier.predict(photo, true));
      } finally {
        giveBack();
      }
    }
    return predictions;
  }

  release(): Promise<void> {
    return this.classifier.release();
  }
}

/** A picture that shows how photos are framed: no part of it is like another. */
function samplePicture(): DecodedPhoto {
  const [width, height] = [97, 61];
  const random = new Generator(1);
  const shade = (index: number): number => (Math.floor(index / 3) % width) + Math.floor(index / 3 / width);
  return {
    width,
    height,
    data: Uint8Array.from({ length: width * height * 3 }, (_, index) => shade(index) + random.integer(90)),
  };
}

/**
 * A framed network's session, where it says the same of a picture as the whole classifier does: who has changed the file may have
 * left its metadata as they were.
 */
async function sessionOf(
  network: FramedNetwork,
  whole: Classifier,
  runtime: Runtime,
  file: string,
): Promise<Session | undefined> {
  const picture = samplePicture();
  const resizer = await PhotoResizer.create(runtime, network.framing);
  const session = await runtime.createSession(writeModel(network.model), { runBytes: runBytes * mostInBatch });
  try {
    const [expected, framed] = await Promise.all([whole.predict(picture), resizer.resize(picture)]);
    const { size } = network.framing;
    const two = new FramedBatches(whole, file, network, session);
    const photo = { width: size, height: size, data: framed };
    const said = await two.predict([photo, photo]);
    const same = said.every(({ probabilities }) =>
      probabilities.every((value, index) => Math.abs(value - (expected.probabilities[index] ?? 0)) <= tolerance),
    );
    if (same) return session;
  } catch (error) {
    await session.release();
    throw error;
  } finally {
    await resizer.release();
  }
  await session.release();
  return undefined;
}

/**
 * Opens a finished classifier to look at photos as they come, and tries it.
 *
 * @param runtime where it will run
 * @param path a run folder, or a `model.onnx`
 * @throws what `openClassifier` throws
 */
export async function openBatchClassifier(runtime: Runtime, path: string): Promise<BatchClassifier> {
  const { file, bytes } = await classifierBytes(path);
  const network = framedNetwork(readClassifier(bytes, file).model);
  const whole = await createClassifier(runtime, bytes, file, network === undefined ? endless : 1);
  const { labels, metadata, setThreshold, distanceThreshold } = whole;
  const facts = { labels, metadata, setThreshold, distanceThreshold };
  try {
    const session = network && (await sessionOf(network, whole, runtime, file));
    let batches: FramedBatches | SinglePhotos;
    if (network !== undefined && session !== undefined) {
      await whole.release();
      batches = new FramedBatches(facts, file, network, session);
    } else {
      // That it answers at all.
      await whole.predict(samplePicture());
      batches = new SinglePhotos(whole);
    }
    return {
      ...facts,
      file,
      sha256: hashBytes(bytes, "sha256"),
      bytes: bytes.length,
      atOnce: batches.atOnce,
      mostInBatch: batches.mostInBatch,
      prepare: (photo) => batches.prepare(photo),
      predict: (photos) => batches.predict(photos),
      release: () => batches.release(),
    };
  } catch (error) {
    await whole.release();
    throw error;
  }
}
