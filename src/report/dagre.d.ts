/** What is used of dagre: its own declarations import without extensions, which compilers for Node do not follow. */
declare module "@dagrejs/dagre" {
  export interface Edge {
    readonly v: string;
    readonly w: string;
  }

  export interface Point {
    readonly x: number;
    readonly y: number;
  }

  export interface Place {
    /** Of the middle. */
    readonly x?: number;
    readonly y?: number;
    readonly width?: number;
    readonly height?: number;
  }

  export class Graph {
    constructor(options: { readonly compound: boolean });
    setGraph(label: Readonly<Record<string, string | number>>): void;
    setDefaultEdgeLabel(label: () => object): void;
    setNode(id: string, label: { readonly width: number; readonly height: number; readonly label?: string }): void;
    setParent(id: string, parent: string): void;
    setEdge(from: string, to: string): void;
    hasNode(id: string): boolean;
    children(id: string): readonly string[];
    edges(): readonly Edge[];
    node(id: string): Place;
    edge(edge: Edge): { readonly points?: readonly Point[] };
    graph(): Place;
  }

  export function layout(graph: Graph): void;
}
