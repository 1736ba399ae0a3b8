import { UsageError } from "../../errors/errors.js";
import type { Shape } from "../../graph/shape.js";
import { input, type Value } from "../../graph/value.js";
import { type ElementType, float32, type TensorData } from "../../onnx/tensor-data.js";
import { add } from "../../ops/elementwise.js";
import { stopGradient } from "../../ops/layout.js";
import type { OngoingStreams } from "../../random/ongoing-streams.js";
import { fromTensor, type NamedTensors, type Tensor, toTensor } from "../../runtime/runtime.js";
import { type CallContext, type Distribution, draw, inMode } from "../context.js";
import { newSlot } from "../optimizers/optimizer-state.js";
import { updateAll } from "../optimizers/update-all.js";
import type { UpdateRule } from "../optimizers/update-rule.js";
import type { Variable } from "../variable.js";

/** A step that an optimizer takes in a recorded computation. */
interface OptimizerStep {
  readonly optimizer: UpdateRule;
  /** How many steps of the same optimizer the computation has before it. */
  readonly before: number;
}

/** A slot of an optimizer that a recorded computation gives a new value. */
interface RenewedSlot {
  readonly optimizer: UpdateRule;
  readonly variable: Variable;
  readonly slot: string;
  value: Value;
}

/** What is fed for an input of the graph, asked for at each run. */
type Feed = () => Tensor;

/** Outputs under which new values come out of a run. */
function renewedName(kind: "weight" | "slot", index: number): string {
  return `renewed ${kind}/${index}`;
}

/**
 * A computation of a user's own that is written down as a graph: on a tape, or as the step of a training. What it changes
 * (statistics, weights that an optimizer steps, its slots) is recorded with it, in the order in which it is written: what comes
 * later sees the new values.
 */
export class Recording implements CallContext {
  readonly training = false;
  readonly changesWeights = true;
  /** The same computation in training mode. */
  readonly whenTraining: CallContext = inMode(this, true);
  /** Scalars that layers add to the loss, in both modes. */
  readonly penalties: Value[] = [];
  private readonly feeds = new Map<string, Feed>();
  /** What each weight is in turn, the present value last. */
  private readonly values = new Map<Variable, Value[]>();
  private readonly changed = new Map<Variable, Value>();
  private readonly slots: RenewedSlot[] = [];
  private readonly steps: OptimizerStep[] = [];
  private readonly randoms: string[] = [];
  private readonly states = new Map<object, Record<string, Value>>();

  /**
   * @param streams where random numbers come from
   * @param isLate whether weights and random numbers are fed as they are at each run; otherwise as they are when they are first
   * asked for
   */
  constructor(
    private readonly streams: OngoingStreams,
    private readonly isLate: boolean,
  ) {}

  /** An input of the graph, in Keras's order of axes. */
  input(name: string, type: ElementType, shape: readonly number[], feed: Feed): Value {
    this.feeds.set(name, this.isLate ? feed : fixed(feed()));
    return input(name, type, shape);
  }

  /** An array that stays the same. */
  array(tensor: Tensor): Value {
    return this.input(`array/${this.feeds.size}`, tensor.type as ElementType, tensor.dims, () => tensor);
  }

  weight(variable: Variable): Value {
    const known = this.values.get(variable)?.at(-1);
    if (known !== undefined) return known;
    const name = `weight/${this.feeds.size}/${variable.path}`;
    const value = this.input(name, "float32", variable.shape, () => toTensor(variable.value));
    this.values.set(variable, [value]);
    return value;
  }

  /** What a weight has been so far, its present value first. */
  versions(variable: Variable): readonly Value[] {
    const present = this.weight(variable);
    return [...(this.values.get(variable) ?? [present])].reverse();
  }

  random(name: string, distribution: Distribution, shape: Shape): Value {
    const dims = shape.map(Number);
    // Numbered, so that two uses of one stream's name do not draw the same.
    const label = `call/${name}/${this.randoms.length}`;
    this.randoms.push(label);
    return this.input(`random/${label}`, "float32", dims, () => {
      const data = new Float32Array(dims.reduce((product, extent) => product * extent, 1));
      draw(distribution, this.streams.of(label), data);
      return toTensor(float32(data, dims));
    });
  }

  update(variable: Variable, value: Value): void {
    // What a weight was changed to is a number like any other: as with TensorFlow's variables, nothing is differentiated
    // through the step that led to it.
    this.values.set(variable, [...(this.values.get(variable) ?? []), stopGradient(value)]);
    this.changed.set(variable, value);
  }

  addLoss(penalty: Value): void {
    this.penalties.push(penalty);
  }

  /** Names of the random streams, in the order in which they were asked for. */
  get randomLabels(): readonly string[] {
    return this.randoms;
  }

  /** Adds to the state of a metric. */
  follow(metric: object, states: Readonly<Record<string, Value>>): void {
    const before = this.states.get(metric) ?? {};
    const sums = Object.entries(states).map(([name, value]) => {
      const sum = before[name];
      return [name, sum === undefined ? value : add(sum, value)] as const;
    });
    this.states.set(metric, Object.fromEntries(sums));
  }

  /** The state of a metric; `undefined` where nothing was added. */
  followed(metric: object): Readonly<Record<string, Value>> | undefined {
    return this.states.get(metric);
  }

  /** The states of all metrics, and of what else was followed. */
  get allFollowed(): ReadonlyMap<object, Readonly<Record<string, Value>>> {
    return this.states;
  }

  /** Whether anything is to be changed by a run. */
  get changes(): boolean {
    return this.changed.size + this.slots.length > 0;
  }

  /** The weights that a run changes. */
  get changedWeights(): readonly Variable[] {
    return [...this.changed.keys()];
  }

  /**
   * Records a step of an optimizer.
   *
   * @param pairs gradients in the order of axes of the weights, and the weights
   * @throws UsageError when a weight is there twice
   */
  renew(optimizer: UpdateRule, pairs: readonly (readonly [gradient: Value, variable: Variable])[]): void {
    const variables = pairs.map(([, variable]) => variable);
    const twice = variables.find((variable, index) => variables.indexOf(variable) !== index);
    if (twice !== undefined) {
      throw new UsageError(`The weight "${twice.path}" is there twice.`, {
        subject: twice.path,
        expected: "each weight once",
        received: `${variables.length} weights, some of them the same`,
      });
    }
    const before = this.steps.filter((step) => step.optimizer === optimizer).length;
    this.steps.push({ optimizer, before });
    const number = this.steps.length;
    const { state } = optimizer;
    // When it is asked, no step of this computation has been counted yet.
    const scalar = (name: string, at: () => number): Value =>
      this.input(`${name}/${number}`, "float32", [], () => toTensor(float32([at()], [])));
    const rate = scalar("learning rate", () => optimizer.learningRateAt(state.step + before + 1));
    const step = scalar("step", () => state.step + before + 1);
    const updates = updateAll(
      optimizer,
      pairs.map(([gradient, variable]) => ({
        weight: this.weight(variable),
        gradient,
        slots: this.slotsOf(optimizer, variable),
        constraint: variable.constraint,
        learningRateMultiplier: variable.learningRateMultiplier,
      })),
      rate,
      step,
    );
    updates.forEach(({ weight, slots }, index) => {
      const variable = variables[index];
      if (variable === undefined) return;
      this.update(variable, weight);
      for (const [slot, value] of Object.entries(slots)) this.setSlot(optimizer, variable, slot, value);
    });
  }

  private slotsOf(optimizer: UpdateRule, variable: Variable): Record<string, Value> {
    const entries = Object.entries(optimizer.slots).map(([slot, initial]) => {
      const known = this.slotAt(optimizer, variable, slot);
      if (known !== undefined) return [slot, known.value] as const;
      const shape = optimizer.slotShape(slot, variable.shape);
      const name = `slot/${this.feeds.size}/${slot}`;
      const kept = (): TensorData<"float32"> | undefined => optimizer.state.slots.get(variable)?.get(slot);
      const feed = (): Tensor => toTensor(kept() ?? newSlot(slot, shape, initial, variable.value));
      return [slot, this.input(name, "float32", shape, feed)] as const;
    });
    return Object.fromEntries(entries);
  }

  private slotAt(optimizer: UpdateRule, variable: Variable, slot: string): RenewedSlot | undefined {
    return this.slots.find((one) => one.optimizer === optimizer && one.variable === variable && one.slot === slot);
  }

  private setSlot(optimizer: UpdateRule, variable: Variable, slot: string, value: Value): void {
    const known = this.slotAt(optimizer, variable, slot);
    if (known === undefined) this.slots.push({ optimizer, variable, slot, value });
    else known.value = value;
  }

  /** What is fed to a run. */
  feed(): NamedTensors {
    return Object.fromEntries([...this.feeds].map(([name, feed]) => [name, feed()]));
  }

  /** New values as outputs of a graph. */
  get renewed(): Record<string, Value> {
    const weights = [...this.changed.values()].map((value, index) => [renewedName("weight", index), value] as const);
    const slots = this.slots.map(({ value }, index) => [renewedName("slot", index), value] as const);
    return Object.fromEntries([...weights, ...slots]);
  }

  /** Takes over the new values that a run gave for {@link renewed}, and counts the steps of optimizers. */
  takeOver(results: NamedTensors): void {
    [...this.changed.keys()].forEach((variable, index) => {
      variable.assign(valuesOf(results, renewedName("weight", index), variable.shape));
    });
    this.slots.forEach(({ optimizer, variable, slot }, index) => {
      const kept = optimizer.state.slots.get(variable) ?? new Map<string, TensorData<"float32">>();
      optimizer.state.slots.set(variable, kept);
      kept.set(slot, valuesOf(results, renewedName("slot", index), optimizer.slotShape(slot, variable.shape)));
    });
    for (const { optimizer } of this.steps) optimizer.state.step += 1;
  }

  /** Forgets what is to be changed, once it was. */
  settle(): void {
    this.changed.clear();
    this.slots.length = 0;
    this.steps.length = 0;
  }

  /** The sum of the penalties; `undefined` where there are none. */
  penalty(): Value | undefined {
    const [first, ...others] = this.penalties;
    return first && others.reduce((sum, one) => add(sum, one), first);
  }
}

function fixed(tensor: Tensor): Feed {
  return () => tensor;
}

function valuesOf(results: NamedTensors, name: string, shape: readonly number[]): TensorData<"float32"> {
  const tensor = results[name];
  if (tensor === undefined) throw new TypeError(`A run gave no "${name}".`);
  return float32(fromTensor(tensor).data as Float32Array, shape);
}

/** The recording that a context belongs to; `undefined` for one of another kind. */
export function recordingOf(context: CallContext): Recording | undefined {
  const origin = context.origin ?? context;
  return origin instanceof Recording ? origin : undefined;
}
