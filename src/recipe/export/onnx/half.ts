import { nodesInOrder, type Outputs } from "../../../graph/graph.js";
import { rebuild } from "../../../graph/rebuild.js";
import { input, type Node, type Value } from "../../../graph/value.js";
import { UsageError } from "../../../errors/errors.js";
import { count } from "../../../errors/words.js";
import type { TensorData } from "../../../onnx/tensor-data.js";
import { explicitMargins } from "../../../passes/explicit-margins.js";
import { halfNodes, inHalfPrecision, withHalvesRounded } from "../../../passes/half-precision.js";
import { prepare } from "../../../passes/prepare.js";
import type { Photo } from "../../../photos/photo.js";
import type { NamedTensors, Runtime } from "../../../runtime/runtime.js";
import type { Effort } from "../effort.js";
import type { ClassifierNetwork } from "../exportable.js";
import { namedAnswers } from "./graph.js";
import { halfLosses } from "./half-losses.js";
import { logitsOf } from "./logits.js";
import { nodeNames } from "./node-names.js";
import { centered, drawnPictures, inBatches, movedBy, pictures, rowsOf, some } from "./pictures.js";

/** Photos that are looked at. */
const looked = 32;

/** Drawn photos that are looked at where there are no others. */
const drawn = 24;

/** By how much a probability, or the distance from all that was learned from, may differ, and how far the logits may move, as a share of them. */
const tolerated = { difference: 0.02, moved: 0.01 } as const;

/**
 * What nodes may lose to be computed with half precision (see `halfLosses`), tried one after the other: a hundredth of the channels, and little more
 * than 11 bits cost.
 */
const limits = [0.01, 1e-5] as const;

/** Parts of the network that are rounded one after the other, to find those that cost too much together. */
const parts = 8;

/** A network with half precision. */
export interface HalfNetwork {
  readonly network: ClassifierNetwork;
  /** The same as devices compute it that round each number: see `withHalvesRounded`. */
  readonly rounded: ClassifierNetwork;
  /** Nodes that would have half precision, and are computed in float32, by name. */
  readonly float32: readonly string[];
}

/** How far answers are from the exact ones. */
interface Cost {
  readonly difference: number;
  readonly moved: number;
}

type AnswerName = "logits" | "probabilities" | "distance";
type Answers = Readonly<Partial<Record<AnswerName, Value>>>;
type Rows = Readonly<Partial<Record<AnswerName, readonly Float32Array[]>>>;

/**
 * Computes a network with half precision. Nodes whose numbers are too small or too large for it on photos stay float32, then those that cost most,
 * until the answers differ little, also where each number is rounded. (ONNX Runtime computes in float32 on processors; others do not.)
 *
 * @param photos of the run; `undefined` where there are none, and drawn ones stand in for them
 * @throws UsageError where it differs too much whatever stays float32
 */
export async function halfNetwork(
  runtime: Runtime,
  network: ClassifierNetwork,
  photos: readonly Photo[] | undefined,
  effort: Effort,
): Promise<HalfNetwork> {
  const chosen = photos && some(photos, looked);
  effort.plan(chosen?.length ?? 0);
  const tensors =
    chosen === undefined
      ? await drawnPictures(runtime, network, drawn)
      : await pictures(runtime, network, chosen, effort);
  if (tensors.length === 0) throw noPhotos(chosen?.length ?? 0);
  const attempts = new Attempts(runtime, network, tensors, effort);
  const found = await attempts.find();
  if ("network" in found) return found;
  throw new UsageError("The network cannot be computed with half precision.", {
    subject: "--precision float16",
    expected: `probabilities that differ by at most ${tolerated.difference}, and logits that move by at most ${100 * tolerated.moved} %`,
    received:
      `on ${count(tensors.length, chosen === undefined ? "drawn photo" : "photo")} a difference of ${found.difference.toPrecision(2)}, ` +
      `and logits that move by ${(100 * found.moved).toPrecision(2)} %, with no more than the weights in two bytes`,
    advice: "Export it with --precision float32.",
  });
}

function noPhotos(files: number): UsageError {
  return new UsageError("None of the photos can be read that half precision would be tried with.", {
    subject: "--precision float16",
    expected: "photos of the run",
    received: `${count(files, "file")} that cannot be used`,
    advice: "Name the folder of the run's photos with --photos.",
  });
}

/** Ways to leave some of a network in float32, and what they cost. */
class Attempts {
  private readonly batches: readonly NamedTensors[];
  private readonly photos: number;
  private readonly picture: Value;
  /** Answers as a graph of `picture`, ready to run. */
  private readonly answers: Answers;
  private readonly values: readonly Value[];
  private readonly begin: Value;
  private exact: Rows = {};

  constructor(
    private readonly runtime: Runtime,
    private readonly network: ClassifierNetwork,
    tensors: readonly TensorData<"float32">[],
    private readonly effort: Effort,
  ) {
    this.batches = inBatches(tensors);
    this.photos = tensors.length;
    this.picture = input("picture", "float32", network.normalized.shape);
    const named: Outputs = { logits: logitsOf(network), ...namedAnswers(network) };
    const apart = rebuild(Object.values(named), new Map([[network.normalized, this.picture]]));
    const margins = explicitMargins(Object.values(named).map(apart));
    const plain = Object.entries(named).map(([name, value]) => [name, margins(apart(value))] as const);
    // Prepared together, so that it is still known where the network begins.
    const { begin, ...answers } = prepare({ ...Object.fromEntries(plain), begin: this.picture });
    if (begin === undefined) throw new TypeError("A prepared graph has the outputs that it had.");
    this.answers = answers;
    this.values = Object.values(answers);
    this.begin = begin;
  }

  async find(): Promise<HalfNetwork | Cost> {
    this.effort.plan(3 * this.photos);
    this.exact = await rowsOf(this.runtime, this.outputs(), this.batches, this.effort);
    const nodes = halfNodes(this.values, this.begin);
    const losses = await halfLosses(this.runtime, nodes, this.batches, this.effort);
    let before = -1;
    for (const limit of limits) {
      const lossy = new Set(nodes.filter((node) => (losses.get(node) ?? 0) > limit));
      if (lossy.size === before) continue;
      // The first one was planned.
      if (before >= 0) this.effort.plan(this.photos);
      before = lossy.size;
      if (this.isClose(await this.costOf(lossy))) return this.made(nodes, lossy);
    }
    const costly = await this.costlyParts(nodes, losses);
    if (costly === undefined) this.effort.spare(this.photos);
    else if (this.isClose(await this.costOf(costly))) {
      this.effort.spare(this.photos);
      return this.made(nodes, costly);
    }
    const all = new Set(nodes);
    const cost = await this.costOf(all);
    return this.isClose(cost) ? this.made(nodes, all) : cost;
  }

  /** Nodes of those parts of the network that cost most, so that the others together cost little; `undefined` where these are none. */
  private async costlyParts(
    nodes: readonly Node[],
    losses: ReadonlyMap<Node, number>,
  ): Promise<ReadonlySet<Node> | undefined> {
    const [least] = limits;
    const able = nodes.filter((node) => (losses.get(node) ?? 0) <= least);
    const groups = Array.from({ length: parts }, (_, part) =>
      able.slice(Math.floor((part * able.length) / parts), Math.floor(((part + 1) * able.length) / parts)),
    ).filter(({ length }) => length > 0);
    // Each of them, those that cost little together, and all.
    this.effort.plan((groups.length + 2) * this.photos);
    const costs: { readonly group: readonly Node[]; readonly share: number }[] = [];
    for (const group of groups) {
      const alone = new Set(group);
      const { difference, moved } = await this.costOf(new Set(nodes.filter((node) => !alone.has(node))));
      costs.push({ group, share: Math.max(difference / tolerated.difference, moved / tolerated.moved) });
    }
    costs.sort((one, other) => one.share - other.share);
    const stays = new Set(nodes);
    let squares = 0;
    for (const { group, share } of costs) {
      squares += share ** 2;
      // Errors of parts add up by their squares; a tenth is left for what they do to each other.
      if (!(squares <= 0.8)) break;
      for (const node of group) stays.delete(node);
    }
    return stays.size === nodes.length ? undefined : stays;
  }

  private outputs(): Readonly<Record<string, Value>> {
    return Object.fromEntries(Object.entries(this.answers));
  }

  private async costOf(exact: ReadonlySet<Node>): Promise<Cost> {
    const half = inHalfPrecision(this.values, this.begin, exact);
    const rounded = withHalvesRounded(this.values.map(half));
    const outputs = Object.fromEntries(
      Object.entries(this.outputs()).map(([name, value]) => [name, rounded(half(value))]),
    );
    const after: Rows = await rowsOf(this.runtime, outputs, this.batches, this.effort);
    const largest = Math.max(
      ...(["probabilities", "distance"] as const).map((name) => greatestDifference(this.exact[name], after[name])),
    );
    const moved = movedBy((this.exact.logits ?? []).map(centered), (after.logits ?? []).map(centered));
    return { difference: largest, moved };
  }

  private isClose({ difference, moved }: Cost): boolean {
    return difference <= tolerated.difference && moved <= tolerated.moved;
  }

  private made(nodes: readonly Node[], exact: ReadonlySet<Node>): HalfNetwork {
    const name = nodeNames(nodesInOrder(this.values));
    const half = inHalfPrecision(this.values, this.begin, exact);
    const halves = this.values.map(half);
    const rounded = withHalvesRounded(halves);
    return {
      network: this.networkOf(halves, half),
      rounded: this.networkOf(halves.map(rounded), (value) => rounded(half(value))),
      float32: nodes.filter((node) => exact.has(node)).map(name),
    };
  }

  /** The network with other answers. */
  private networkOf(values: readonly Value[], renewed: (value: Value) => Value): ClassifierNetwork {
    const together = rebuild(values, new Map([[this.picture, this.network.normalized]]));
    const answer = (value: Value | undefined): Value | undefined => value && together(renewed(value));
    const { logits, probabilities, distance } = this.answers;
    const found = answer(probabilities);
    if (found === undefined) throw new TypeError("A classifier has probabilities.");
    return {
      ...this.network,
      probabilities: found,
      // Where there were none, they are the logarithms of the probabilities.
      logits: answer(logits),
      distance: answer(distance),
    };
  }
}

/** Infinite where there are no numbers. */
function greatestDifference(before: readonly Float32Array[] = [], after: readonly Float32Array[] = []): number {
  let most = 0;
  before.forEach((row, index) => {
    row.forEach((value, column) => {
      const difference = Math.abs(value - (after[index]?.[column] ?? Number.NaN));
      most = Number.isNaN(difference) ? Infinity : Math.max(most, difference);
    });
  });
  return most;
}
