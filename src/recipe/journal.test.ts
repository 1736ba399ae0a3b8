import { describe, expect, it } from "vitest";
import { FileError } from "../errors/errors.js";
import type { TrainingState } from "../models/training-types.js";
import { float32 } from "../onnx/tensor-data.js";
import { Journal, type JournalState, type JournalStore, usualCheckpoints } from "./journal.js";

/** A store in memory. */
class Memory implements JournalStore {
  readonly files = new Map<string, TrainingState>();
  state: JournalState | undefined;
  isFull = false;

  keep(state: TrainingState): Promise<string> {
    if (this.isFull) {
      return Promise.reject(new FileError("No room.", { subject: "disk", expected: "room", received: "none" }));
    }
    const name = String(this.files.size + 1);
    this.files.set(name, state);
    return Promise.resolve(name);
  }

  read(file: string): Promise<TrainingState> {
    const state = this.files.get(file);
    return state === undefined ? Promise.reject(new Error(file)) : Promise.resolve(state);
  }

  commit(state: JournalState): Promise<void> {
    this.state = { items: [...state.items], current: state.current };
    return Promise.resolve();
  }
}

function journalOf(store: Memory, signal?: AbortSignal): { readonly journal: Journal; readonly lost: string[] } {
  const lost: string[] = [];
  const onLost = ({ message }: FileError): void => {
    lost.push(message);
  };
  return { journal: new Journal({ store, past: store.state, every: usualCheckpoints, signal, onLost }), lost };
}

/** A number that takes long to find. */
function find(journal: Journal, what: string, value: number, asked: string[] = []): Promise<number> {
  return journal.remember(
    what,
    () => {
      asked.push(what);
      return Promise.resolve(value);
    },
    (made) => ({ facts: null, tensors: { made: float32([made], [1]) } }),
    ({ tensors }) => tensors["made"]?.data[0] ?? NaN,
  );
}

const state: TrainingState = { facts: { epoch: 3 }, tensors: {} };

describe("Journal", () => {
  it("gives what was found, and what was decided before the last checkpoint, without asking again", async () => {
    const store = new Memory();
    const { journal } = journalOf(store);
    expect(await journal.note("late", () => true)).toBe(true);
    expect(await find(journal, "features", 7)).toBe(7);
    expect(await journal.note("left", () => 12)).toBe(12);

    const asked: string[] = [];
    const again = journalOf(store).journal;
    expect(again.isBehind).toBe(true);
    expect(await again.note("late", () => false)).toBe(true);
    expect(await find(again, "features", 8, asked)).toBe(7);
    expect(asked).toEqual([]);
    // It was decided after the last checkpoint, and nothing that was kept depends on it.
    expect(again.isBehind).toBe(false);
    expect(await again.note("left", () => 5)).toBe(5);
  });

  it("goes on with the training that was under way, and knows how one has ended", async () => {
    const store = new Memory();
    const { journal } = journalOf(store);
    expect(await journal.training("first")).toBeUndefined();
    await journal.save("first", state);
    const second = journalOf(store).journal;
    expect(second.isBehind).toBe(true);
    expect(await second.training("first")).toEqual({ state, ended: false });
    expect(second.isBehind).toBe(false);
    await second.end("first", { facts: "end", tensors: {} });
    const third = journalOf(store).journal;
    expect(await third.training("first")).toEqual({ state: { facts: "end", tensors: {} }, ended: true });
  });

  it("writes nothing more once the job is being ended, but for where its training stands", async () => {
    const store = new Memory();
    const stop = new AbortController();
    const { journal } = journalOf(store, stop.signal);
    stop.abort();
    await journal.save("first", state);
    await journal.end("first", state);
    expect(await find(journal, "answers", 3)).toBe(3);
    expect(store.state).toEqual({ items: [], current: { what: "first", file: "1" } });
  });

  it("says once that there is no room, and leaves what was there", async () => {
    const store = new Memory();
    const { journal, lost } = journalOf(store);
    await find(journal, "features", 7);
    const before = store.state;
    store.isFull = true;
    expect(await find(journal, "views", 8)).toBe(8);
    store.isFull = false;
    await journal.save("first", state);
    expect(await find(journal, "answers", 9)).toBe(9);
    expect(lost).toHaveLength(1);
    expect(store.state).toEqual(before);
  });

  it("notices a course that is not that of the checkpoint", async () => {
    const store = new Memory();
    await find(journalOf(store).journal, "features", 7);
    await expect(find(journalOf(store).journal, "views", 7)).rejects.toThrow(
      /Expected: "features" next.*Received: "views"/,
    );
  });
});
