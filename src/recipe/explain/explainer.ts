import { NumberError, ShapeError, UsageError } from "../../errors/errors.js";
import { formatShape, isStatic, type Shape } from "../../graph/shape.js";
import { input, type Value } from "../../graph/value.js";
import { scalarLike } from "../../ops/constants.js";
import { less, where } from "../../ops/comparison.js";
import { oneHot } from "../../ops/indexing.js";
import { stopGradient } from "../../ops/layout.js";
import { argMax } from "../../ops/reduction.js";
import { greatest, least } from "../../onnx/extremes.js";
import type { PhotoPart } from "../../photos/framing.js";
import { type Runtime, type Session, Tensor } from "../../runtime/runtime.js";
import { createSession } from "../../runtime/session.js";
import { mapHeat, rolloutHeat } from "./heat-graph.js";
import type { ExplainMethod, MapMethod } from "./methods.js";
import { type Heat, scoresWithoutHottest } from "./deletion.js";
import { cellsASide, occlusionHeat } from "./occlusion.js";
import { type Picture, type Pixels, type ScoreOf, wholePicture } from "./painted.js";
import { attentionsOf, lastPlaces } from "./places.js";
import type { Explainable } from "./explainable.js";
import { logOdds, ofAsked, ofEachClass, scoresOf } from "./score.js";

/** What speaks for a class, place by place. */
export interface Explanation {
  /** The class that is explained: its number. */
  readonly classIndex: number;
  /** What the network says of this class; its output, such as a probability. */
  readonly output: number;
  readonly method: ExplainMethod;
  /** `[rows, columns]` float32 in [0, 1]: 1 at the place that speaks for the class most; all 0 where none does. */
  readonly heat: Tensor;
}

/** A network with the graphs that explain it. */
interface Program {
  readonly session: Session;
  readonly method: ExplainMethod;
}

/** What a network says of the class that is asked about. */
interface Graph {
  readonly image: Value;
  /** `[N]` int64: the class that is asked about, below 0 for the one that the network says. */
  readonly asked: Value;
  /** `[N]` int64: the class that is explained. */
  readonly chosen: Value;
  /** `[N]`: the network's output for it. */
  readonly output: Value;
  /** `[N]`: what speaks for it. */
  readonly score: Value;
}

/** Explains what one network says of pictures. Sessions are made when they are needed, and kept until it is released. */
export class Explainer {
  /** By the picture's size, where the network's maps have a size that depends on it. */
  private readonly programs = new Map<string, Promise<Program>>();

  /**
   * @param runtime where it is computed
   * @param network what is explained
   * @param method default what suits the network and the picture: `hirescam`, `grad-cam` or `occlusion`, whichever shows hottest what matters most to
   *   the class, and `occlusion` where there are no maps
   */
  constructor(
    private readonly runtime: Runtime,
    private readonly network: Explainable,
    private readonly method?: ExplainMethod,
  ) {}

  /**
   * Explains pictures.
   *
   * @param pictures `[N, H, W, C]` float32 as the model takes them
   * @param classes which class is explained, for each picture; default the one that the model says
   * @param options `part`: what the network sees of pictures that it frames itself: the heat is over this; default all. `isQuick`: whether the
   *   default method takes the map as it is, where there is one, which costs two predictions a picture instead of some fifty; default false
   * @throws UsageError where there is no such class, or the method does not suit the model
   * @throws ShapeError when the model does not take pictures of this size
   * @throws NumberError when it says NaN of one
   */
  async explain(
    pictures: Tensor,
    classes?: readonly number[],
    { part, isQuick = false }: { readonly part?: PhotoPart | undefined; readonly isQuick?: boolean | undefined } = {},
  ): Promise<readonly Explanation[]> {
    const { dims } = pictures;
    const [count = 0, ...size] = dims;
    const fits =
      dims.length === 4 &&
      this.network.shape.every((extent, axis) => typeof extent === "string" || extent === size[axis]);
    if (!fits) {
      throw new ShapeError(`The network "${this.network.name}" does not take this picture.`, {
        subject: this.network.name,
        expected: formatShape(["N", ...this.network.shape]),
        received: formatShape(dims),
      });
    }
    const { session, method } = await this.programFor(size);
    const asked = new Tensor(
      "int64",
      BigInt64Array.from({ length: count }, (_, row) => BigInt(classes?.[row] ?? -1)),
      [count],
    );
    const told = await session.run({ image: pictures, asked });
    const chosen = Array.from((told["class"]?.data ?? []) as BigInt64Array, Number);
    const outputs = (told["output"]?.data ?? []) as Float32Array;
    if (outputs.some((output) => Number.isNaN(output))) {
      throw new NumberError(`The network "${this.network.name}" does not say what is in a picture.`, {
        subject: this.network.name,
        expected: "a number for each class",
        received: "NaN",
        advice: "Its weights are damaged, or its training has failed: train it again.",
      });
    }
    const looks: Look[] = [];
    const maps = method === "occlusion" ? [] : split(told["heat"], count);
    for (let row = 0; row < count; row++) {
      const picture = pictureOf(pictures, row, part);
      const [map, classIndex] = [maps[row], chosen[row] ?? 0];
      if (map === undefined) looks.push(await this.occluded(size, picture, classIndex));
      else if (this.method !== undefined || isQuick) looks.push({ method, heat: map });
      else looks.push(await this.better({ method, heat: map }, size, picture, classIndex));
    }
    return looks.map(({ heat, method: own }, row) => ({
      classIndex: chosen[row] ?? 0,
      output: outputs[row] ?? 0,
      method: own,
      heat: unitHeat(heat),
    }));
  }

  /** Frees the sessions; the explainer cannot be used afterwards. */
  async release(): Promise<void> {
    const programs = await Promise.all(this.programs.values());
    this.programs.clear();
    for (const { session } of programs) await session.release();
  }

  private async programFor(size: readonly number[], method = this.method): Promise<Program> {
    const { shape, takesAnySize } = this.network;
    const keyOf = (pictures: string): string => `${method ?? "default"} of ${pictures}`;
    const isKnown = isStatic(shape);
    const open =
      this.programs.get(keyOf("any size")) ??
      (isKnown || takesAnySize ? this.create(["N", ...shape], method) : undefined);
    if (open !== undefined) {
      this.programs.set(keyOf("any size"), open);
      return open;
    }
    const key = keyOf(size.join(" × "));
    const made = this.programs.get(key) ?? this.create(["N", ...size], method);
    if (made === undefined) return this.programFor(size, "occlusion");
    this.programs.set(key, made);
    return made;
  }

  /** `undefined` where the method, or any that is quick, does not suit pictures of this shape. */
  private create(shape: Shape, method: ExplainMethod | undefined): Promise<Program> | undefined {
    const graph = this.graphFor(shape);
    const found = this.heatOf(graph, method);
    if (found === undefined) {
      if (isStatic(shape.slice(1)) && method !== undefined && method !== "occlusion") throw this.unsuited(method);
      return undefined;
    }
    const { chosen, output, score, image, asked } = graph;
    const { heat } = found;
    const outputs = { class: chosen, output, score, ...(heat === undefined ? {} : { heat }) };
    return createSession(this.runtime, outputs, { inputs: [image, asked] }).then((session) => ({
      session,
      method: found.method,
    }));
  }

  private heatOf(
    { score }: Graph,
    method: ExplainMethod | undefined,
  ): { readonly method: ExplainMethod; readonly heat?: Value } | undefined {
    if (method === "occlusion") return { method };
    if (method === "attention-rollout") {
      const attentions = attentionsOf(score);
      const heat = attentions.length === 0 ? undefined : rolloutHeat(attentions, score);
      return heat && { method, heat };
    }
    const heat = mapHeat(score, method ?? "hirescam");
    return heat && { method: method ?? "hirescam", heat };
  }

  private unsuited(method: ExplainMethod): UsageError {
    const has =
      lastPlaces(this.graphFor(["N", ...this.network.shape]).score).length > 0
        ? "a network with maps of features, and no such attention"
        : "a network without maps";
    return new UsageError(`The network "${this.network.name}" cannot be explained by ${method}.`, {
      subject: "method",
      expected:
        method === "attention-rollout"
          ? "a transformer in which all tokens attend to all"
          : "a network with maps of features",
      received: method === "attention-rollout" ? has : "a network without maps",
      advice: "occlusion suits all networks.",
    });
  }

  private graphFor(shape: Shape): Graph {
    const image = input("image", this.network.type, shape);
    const answer = this.network.answer(image);
    const scores = scoresOf(answer);
    const classes = Number(scores.shape[1]);
    const asked = input("asked", "int64", ["N"]);
    const chosen = where(less(asked, scalarLike(asked, 0)), argMax(scores, { axis: 1, keepdims: 0 }), asked);
    // Which class it is does not change with the map.
    const mask = stopGradient(oneHot(chosen, classes));
    return { image, asked, chosen, output: ofAsked(ofEachClass(answer), mask), score: logOdds(scores, mask) };
  }

  /** The map, or what else is shown of the picture, where the class loses more by what this shows hottest. */
  private async better(map: Look, size: readonly number[], picture: Picture, classIndex: number): Promise<Look> {
    const scoreOf = await this.scoreOf(size, classIndex);
    const looks = [
      map,
      await this.mapped("grad-cam", size, picture, classIndex),
      await this.occluded(size, picture, classIndex),
    ];
    const left = await scoresWithoutHottest(
      picture,
      looks.map(({ heat }) => heat),
      scoreOf,
    );
    return looks[left.indexOf(least(left))] ?? map;
  }

  private async mapped(
    method: MapMethod,
    size: readonly number[],
    picture: Picture,
    classIndex: number,
  ): Promise<Look> {
    const { session } = await this.programFor(size, method);
    const { heat } = await session.run({ image: wholePicture(picture), asked: asking(1, classIndex) });
    const [only] = split(heat, 1);
    if (only === undefined) throw new TypeError("One picture has one map.");
    return { method, heat: only };
  }

  private async occluded(size: readonly number[], picture: Picture, classIndex: number): Promise<Look> {
    const values = await occlusionHeat(picture, await this.scoreOf(size, classIndex));
    return { method: "occlusion", heat: { rows: cellsASide, columns: cellsASide, values } };
  }

  /** What speaks for a class in pictures of a size. */
  private async scoreOf(size: readonly number[], classIndex: number): Promise<ScoreOf> {
    const { session } = await this.programFor(size, "occlusion");
    return async (pictures) => {
      const { score } = await session.run({ image: pictures, asked: asking(pictures.dims[0] ?? 0, classIndex) });
      return Array.from((score?.data ?? []) as Float32Array);
    };
  }
}

/** What a method shows. */
interface Look {
  readonly method: ExplainMethod;
  readonly heat: Heat;
}

/** One class for all pictures of a batch. */
function asking(pictures: number, classIndex: number): Tensor {
  return new Tensor("int64", new BigInt64Array(pictures).fill(BigInt(classIndex)), [pictures]);
}

/** One of `[N, H, W, C]`. */
function pictureOf(pictures: Tensor, row: number, seen: PhotoPart | undefined): Picture {
  const [, height = 0, width = 0, channels = 0] = pictures.dims;
  const values = height * width * channels;
  const data = (pictures.data as Pixels).subarray(row * values, (row + 1) * values);
  return { height, width, channels, data, part: seen ?? { left: 0, top: 0, width, height } };
}

function split(heat: Tensor | undefined, count: number): readonly Heat[] {
  if (heat === undefined) throw new TypeError("The engine left out an output.");
  const [, rows = 0, columns = 0] = heat.dims;
  const all = heat.data as Float32Array;
  const size = rows * columns;
  return Array.from({ length: count }, (_, row) => ({
    rows,
    columns,
    values: all.subarray(row * size, (row + 1) * size),
  }));
}

/** Brings what speaks for a class to [0, 1]; what speaks against it is 0. */
function unitHeat({ rows, columns, values }: Heat): Tensor {
  const most = greatest(values);
  const unit = most > 0 ? values.map((value) => Math.max(0, value) / most) : new Float32Array(values.length);
  return new Tensor("float32", unit, [rows, columns]);
}
