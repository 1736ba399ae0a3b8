/** Who was measured. */
export type Side = "Graft" | "Keras" | "PyTorch" | "TensorFlow.js" | "ONNX Runtime";

/** One number of a side: the best of several, and their median where there were several. */
export interface Measured {
  readonly best: number;
  readonly median?: number;
}

/** One line of the table. */
export interface Figure {
  readonly what: string;
  readonly unit: "ms" | "s" | "GFLOP/s" | "%" | "MB" | "photos/s" | "levels";
  readonly values: Partial<Record<Side, Measured>>;
  /** What must be known to read the numbers. */
  readonly note?: string;
}

/** Lines of two runs of the same, one a side, put together. */
export function beside(ours: readonly Figure[], theirs: readonly Figure[]): Figure[] {
  const merged = ours.map((figure) => {
    const other = theirs.find(({ what }) => what === figure.what);
    if (other === undefined) return figure;
    const notes = [figure.note, other.note].filter((note) => note !== undefined);
    const values = { ...figure.values, ...other.values };
    return { ...figure, values, ...(notes.length === 0 ? {} : { note: notes.join(" ") }) };
  });
  return [...merged, ...theirs.filter(({ what }) => ours.every((figure) => figure.what !== what))];
}

function digits(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

/** A ratio: small ones keep two digits too. */
function ratioText(ratio: number): string {
  return ratio < 0.1 ? ratio.toPrecision(2) : ratio.toFixed(2);
}

/** A figure as one line; the ratio is Graft's by the first other side's. */
export function figureLine({ what, unit, values, note }: Figure): string {
  const sides = Object.entries(values).map(([side, { best, median }]) => {
    const middle = median === undefined ? "" : ` (median ${digits(median)})`;
    return `${side} ${digits(best)} ${unit}${middle}`;
  });
  const { Graft: own, ...others } = values;
  const [other] = Object.values(others);
  const ratio = own === undefined || other === undefined ? [] : [`ratio ${ratioText(own.best / other.best)}`];
  const text = `${what.padEnd(54)}  ${[...sides, ...ratio].join("  ")}`;
  return note === undefined ? text : `${text}\n    ${note}`;
}
