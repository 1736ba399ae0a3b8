import type { Outputs } from "../graph/graph.js";
import type { NamedTensors, Runtime, Session, Tensor } from "./runtime.js";
import { graphBytes } from "./session.js";

/** Graphs whose sessions are kept: those that were run last. */
const kept = 64;

/** A session, and the runs that it has before it. */
interface Entry {
  readonly session: Promise<Session>;
  last: Promise<unknown>;
}

const caches = new WeakMap<Runtime, Map<string, Entry>>();

/**
 * Runs a graph once. Sessions of graphs that are run again and again, such as those of a layer that is called in a loop,
 * are made once; they are found by all that a graph says, so a graph that differs in one number is another one.
 *
 * @param outputs the graph's outputs by name
 * @param feeds tensors for its inputs; more than it has do no harm
 * @throws EngineError when the engine refuses the graph, or fails
 */
export async function runGraph(
  runtime: Runtime,
  outputs: Outputs,
  feeds: NamedTensors,
): Promise<Record<string, Tensor>> {
  const bytes = graphBytes(outputs);
  const key = new TextDecoder("latin1").decode(bytes);
  const cache = caches.get(runtime) ?? new Map<string, Entry>();
  caches.set(runtime, cache);
  const entry = cache.get(key) ?? { session: runtime.createSession(bytes), last: Promise.resolve() };
  // The last one that was used is the last one of the map.
  cache.delete(key);
  cache.set(key, entry);
  const run = entry.session.then(async (session) => {
    const needed = session.inputNames.flatMap((name): [string, Tensor][] => {
      const tensor = feeds[name];
      return tensor === undefined ? [] : [[name, tensor]];
    });
    return session.run(Object.fromEntries(needed));
  });
  entry.last = Promise.allSettled([entry.last, run]);
  if (cache.size > kept) {
    const [oldest] = cache;
    if (oldest !== undefined) {
      cache.delete(oldest[0]);
      void release(oldest[1]);
    }
  }
  try {
    return await run;
  } catch (error) {
    cache.delete(key);
    throw error;
  }
}

async function release({ session, last }: Entry): Promise<void> {
  await last;
  const [made] = await Promise.allSettled([session]);
  if (made.status === "fulfilled") await made.value.release();
}
