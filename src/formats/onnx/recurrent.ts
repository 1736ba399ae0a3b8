import { UsageError } from "../../errors/errors.js";
import { formatShape } from "../../graph/shape.js";
import { constant, constantData, producer, type Value } from "../../graph/value.js";
import type { TensorData } from "../../onnx/tensor-data.js";
import { integers, scalarLike } from "../../ops/constants.js";
import { transposed } from "./transposed.js";

/*
 * LSTM, GRU and RNN, written step by step with other operators: as many steps as the sequence has, which must be known when the file is read.
 * All directions go in one step: state is `[1, directions, N, hidden]`, what goes into the gates `[time, directions, N, gates·hidden]`.
 */

type Inputs = readonly (Value | undefined)[];
type Plain = Readonly<Record<string, unknown>>;

/** Makes a standard operator; all of its outputs. */
export type MakeAll = (op: string, inputs: Inputs, attributes?: Plain) => readonly Value[];

/** What a layer keeps from step to step: the state that it gives, and the cell's. */
interface State {
  readonly h: Value | undefined;
  readonly c?: Value | undefined;
}

/** One step: from what the sequence gives to groups of gates and the state before it, the state behind it. */
type Step = (gates: Inputs, state: State) => { readonly h: Value; readonly c?: Value };

/** How many gates an operator has, and its functions: of the gates, of what is new, and of the cell. */
interface Kind {
  readonly gates: number;
  readonly functions: readonly string[];
}

const kinds: Readonly<Record<string, Kind>> = {
  LSTM: { gates: 4, functions: ["Sigmoid", "Tanh", "Tanh"] },
  GRU: { gates: 3, functions: ["Sigmoid", "Tanh"] },
  RNN: { gates: 1, functions: ["Tanh"] },
};

/** Functions that a file may name in the place of the usual ones. */
const functions: ReadonlySet<string> = new Set(["Sigmoid", "Tanh", "Relu", "Softsign", "Softplus"]);

/** Operators that are written by {@link recurrent}. */
export const recurrentOperators: ReadonlySet<string> = new Set(Object.keys(kinds));

function refuse(op: string, expected: string, received: string): never {
  throw new UsageError(`${op}: it cannot be written step by step.`, {
    subject: op,
    expected,
    received,
    advice: "Export the network for one size of images, for inference.",
  });
}

/** A part of a constant along its second axis, with an axis more in front: `[directions, …]` to `[1, directions, 1, extent]`. */
function biasPart(bias: Value, op: string, start: number, extent: number): Value {
  const data = constantData(bias);
  if (data === undefined) return refuse(op, "a constant bias", "a computed one");
  const [directions = 1, all = 1] = data.dims;
  const items = Array.from({ length: directions }, (_, direction) =>
    Array.from((data.data as Float32Array).subarray(direction * all + start, direction * all + start + extent)),
  ).flat();
  return constant({ type: "float32", dims: [1, directions, 1, extent], data: Float32Array.from(items) });
}

/** A constant matrix of each direction, turned: `[directions, rows, columns]` to `[1, directions, columns, rows]`. */
function matrices(value: Value | undefined, op: string, name: string): TensorData {
  const data = constantData(value);
  if (data?.type !== "float32" || data.dims.length !== 3) return refuse(op, `constant ${name}`, "computed ones");
  return transposed(data, [0, 2, 1]);
}

/** Part of the columns of matrices `[directions, rows, columns]`, as a weight `[1, directions, rows, extent]`. */
function columns({ dims, data }: TensorData, start: number, extent: number): Value {
  const [directions = 1, rows = 1, all = 1] = dims;
  const part = new Float32Array(directions * rows * extent);
  for (let row = 0; row < directions * rows; row++) {
    part.set((data as Float32Array).subarray(row * all + start, row * all + start + extent), row * extent);
  }
  return constant({ type: "float32", dims: [1, directions, rows, extent], data: part });
}

/** Whether a value is zero everywhere, whatever its extents. */
function isZero(value: Value): boolean {
  const node = producer(value);
  const [source] = node?.op === "Expand" ? node.inputs : [value];
  return constantData(source)?.data.every((number) => Number(number) === 0) === true;
}

/** The state with which a sequence begins, `[1, directions, N or 1, hidden]`; `undefined` for zeros. */
function begun(value: Value | undefined, op: string, make: MakeAll): Value | undefined {
  if (value === undefined || isZero(value)) return undefined;
  const data = constantData(value);
  if (data === undefined) return make("Unsqueeze", [value, integers([0])])[0];
  const [directions = 1, count = 1, hidden = 1] = data.dims;
  const first = Array.from({ length: directions }, (_, direction) => {
    const rows = (data.data as Float32Array).subarray(direction * count * hidden, (direction + 1) * count * hidden);
    if (rows.some((number, index) => number !== rows[index % hidden])) {
      refuse(op, "the same first state for all sequences", `a constant ${formatShape(data.dims)} of others`);
    }
    return Array.from(rows.subarray(0, hidden));
  }).flat();
  return constant({ type: "float32", dims: [1, directions, 1, hidden], data: Float32Array.from(first) });
}

/** Steps of one node. */
class Recurrent {
  readonly hidden: number;
  readonly directions: number;
  private readonly kind: Kind;

  constructor(
    private readonly op: string,
    private readonly inputs: Inputs,
    private readonly plain: Plain,
    private readonly makeAll: MakeAll,
  ) {
    this.kind = kinds[op] ?? refuse(op, Object.keys(kinds).join(", "), op);
    const [directions = 1, , hidden = 1] = this.inputs[2]?.shape ?? [];
    this.directions = Number(directions);
    this.hidden = Number(hidden);
    this.check();
  }

  private make(op: string, inputs: Inputs, attributes: Plain = {}): Value {
    const [y] = this.makeAll(op, inputs, attributes);
    if (y === undefined) throw new TypeError(`${op} made no output.`);
    return y;
  }

  /** @throws UsageError for what no network for images has */
  private check(): void {
    const { op, plain } = this;
    const [, , , , lengths, , , peepholes] = this.inputs;
    const steps = this.inputs[0]?.shape[this.isBatchFirst ? 1 : 0];
    const all = lengths && constantData(lengths)?.data;
    if (lengths !== undefined && !(all !== undefined && Array.from(all, Number).every((length) => length === steps))) {
      refuse(op, "sequences of one length", "lengths of their own");
    }
    if (peepholes !== undefined) refuse(op, "gates that see the state only", "weights of peepholes");
    for (const name of ["clip", "input_forget"]) {
      const value = Number(plain[name] ?? 0);
      if (value !== 0) refuse(op, `no ${name}`, `${name} ${value}`);
    }
    const names = (plain["activations"] as readonly string[] | undefined) ?? [];
    const repeated = names.every((name, index) => name === names[index % this.kind.functions.length]);
    if (!repeated) refuse(op, "the same functions for both directions", names.join(", "));
    const foreign = names.find((name) => !functions.has(name));
    if (foreign !== undefined) refuse(op, [...functions].join(", "), foreign);
  }

  /** Whether the batch is the first axis, and time the second. */
  get isBatchFirst(): boolean {
    return this.plain["layout"] === 1;
  }

  private function(place: number, x: Value): Value {
    const names = this.plain["activations"] as readonly string[] | undefined;
    return this.make(names?.[place] ?? this.kind.functions[place] ?? "Tanh", [x]);
  }

  private parts(x: Value, extents: readonly number[], axis: number): readonly Value[] {
    return extents.length === 1 ? [x] : this.makeAll("Split", [x, integers(extents)], { axis });
  }

  private biasOf(start: number, extent: number): Value | undefined {
    const bias = this.inputs[3];
    return bias === undefined ? undefined : biasPart(bias, this.op, start, extent);
  }

  private plus(x: Value | undefined, more: Value | undefined): Value {
    if (x === undefined) throw new TypeError(`${this.op} has no gates.`);
    return more === undefined ? x : this.make("Add", [x, more]);
  }

  /** Time, turned round for the direction that goes back. */
  private turned(x: Value): Value {
    const { direction = "forward" } = this.plain;
    if (direction === "forward") return x;
    const steps = Number(x.shape[0]);
    const back = integers(Array.from({ length: steps }, (_, step) => steps - 1 - step));
    if (direction === "reverse") return this.make("Gather", [x, back], { axis: 0 });
    const [first, second] = this.parts(x, [1, 1], 1);
    const reversed = this.make("Gather", [second, back], { axis: 0 });
    return this.make("Concat", [first, reversed], { axis: 1 });
  }

  /** What the sequence gives to the gates, for all steps at once: `[time, directions, N, gates·hidden]`. */
  private fed(x: Value, extent: number): Value {
    const w = matrices(this.inputs[1], this.op, "weights");
    const rows = this.make("Unsqueeze", [x, integers([1])]);
    const product = this.make("MatMul", [rows, columns(w, 0, extent)]);
    return this.turned(this.plus(product, this.biasOf(0, extent)));
  }

  /** What the state gives to some of the gates; the bias alone in the beginning. */
  private remembered(gates: Value | undefined, h: Value | undefined, weight: Value): Value {
    return this.plus(gates, h && this.make("MatMul", [h, weight]));
  }

  private lstm(r: TensorData): Step {
    const { hidden } = this;
    const weight = columns(r, 0, 4 * hidden);
    return ([given], { h, c }) => {
      const gates = this.remembered(given, h, weight);
      const [three, fresh] = this.parts(gates, [3 * hidden, hidden], 3) as [Value, Value];
      const opened = this.function(0, three);
      const [i, o, f] = this.parts(opened, [hidden, hidden, hidden], 3) as [Value, Value, Value];
      const added = this.make("Mul", [i, this.function(1, fresh)]);
      const cell = c === undefined ? added : this.make("Add", [this.make("Mul", [f, c]), added]);
      return { h: this.make("Mul", [o, this.function(2, cell)]), c: cell };
    };
  }

  private gru(r: TensorData): Step {
    const { hidden } = this;
    const isLinearFirst = this.plain["linear_before_reset"] === 1;
    const [toGates, toNew] = [columns(r, 0, 2 * hidden), columns(r, 2 * hidden, hidden)];
    const bias = this.biasOf(5 * hidden, hidden);
    return ([two, fresh], { h }) => {
      const opened = this.function(0, this.remembered(two, h, toGates));
      const [z, reset] = this.parts(opened, [hidden, hidden], 3) as [Value, Value];
      const seen = (state: Value): Value => this.plus(this.make("MatMul", [state, toNew]), bias);
      const past = isLinearFirst
        ? h === undefined
          ? bias && this.make("Mul", [reset, bias])
          : this.make("Mul", [reset, seen(h)])
        : h === undefined
          ? bias
          : seen(this.make("Mul", [reset, h]));
      const made = this.function(1, this.plus(fresh, past));
      if (h === undefined) {
        const open = this.make("Sub", [scalarLike(z, 1), z]);
        return { h: this.make("Mul", [open, made]) };
      }
      return { h: this.make("Add", [made, this.make("Mul", [z, this.make("Sub", [h, made])])]) };
    };
  }

  private rnn(r: TensorData): Step {
    const weight = columns(r, 0, this.hidden);
    return ([given], { h }) => ({ h: this.function(0, this.remembered(given, h, weight)) });
  }

  /** `Y`, `Y_h` and, of an LSTM, `Y_c`. */
  outputs(): readonly Value[] {
    const { op, hidden, kind } = this;
    const [given, , , , , h0, c0] = this.inputs;
    if (given === undefined) return refuse(op, "a sequence", "none");
    const swap = (x: Value, perm: readonly number[]): Value =>
      this.isBatchFirst ? this.make("Transpose", [x], { perm }) : x;
    const x = swap(given, [1, 0, 2]);
    const steps = x.shape[0];
    if (typeof steps !== "number" || steps < 1) return refuse(op, "a sequence of known length", formatShape(x.shape));
    const r = matrices(this.inputs[2], op, "weights");
    const all = kind.gates * hidden;
    // The bias of the state, too, is the same in all steps; that of a GRU's new state stands behind its reset.
    const groups = op === "GRU" ? [2 * hidden, hidden] : [all];
    const fed = this.parts(this.fed(x, all), groups, 3).map((group, place) => {
      const whole = place === 0 ? this.plus(group, this.biasOf(all, groups[0] ?? 0)) : group;
      return this.parts(whole, Array<number>(steps).fill(1), 0);
    });
    const step = op === "LSTM" ? this.lstm(r) : op === "GRU" ? this.gru(r) : this.rnn(r);
    const turnedState = (value: Value | undefined): Value | undefined =>
      begun(value && swap(value, [1, 0, 2]), op, this.makeAll);
    let state: State = { h: turnedState(h0), c: op === "LSTM" ? turnedState(c0) : undefined };
    const states = Array.from({ length: steps }, (_, time) => {
      const next = step(
        fed.map((group) => group[time]),
        state,
      );
      state = next;
      return next;
    });
    const last = states.at(-1);
    const y = this.turned(
      this.make(
        "Concat",
        states.map(({ h }) => h),
        { axis: 0 },
      ),
    );
    const ends = [last?.h, last?.c].flatMap((value) => value ?? []);
    const lasts = ends.map((value) => swap(this.make("Squeeze", [value, integers([0])]), [1, 0, 2]));
    return [swap(y, [2, 0, 1, 3]), ...lasts];
  }
}

/**
 * The outputs of an LSTM, GRU or RNN, written with other operators: `Y`, `Y_h` and, of an LSTM, `Y_c`.
 *
 * @throws UsageError for one whose sequence has no known length, or that does what no row can say
 */
export function recurrent(op: string, inputs: Inputs, plain: Plain, make: MakeAll): readonly Value[] {
  return new Recurrent(op, inputs, plain, make).outputs();
}
