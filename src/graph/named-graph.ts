import type { Node, Value } from "./value.js";

/** A graph with its weights inside, and names for its nodes; a node without one is named after its operator. */
export interface NamedGraph {
  readonly name: string;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly names: ReadonlyMap<Node, string>;
  /** Constants that are weights, where that is known; of a file's graph it is told by where they stand. */
  readonly weights?: ReadonlySet<Value>;
}
