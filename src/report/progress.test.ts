import { expect, test } from "vitest";
import { clock, Progress } from "./progress.js";
import type { ProgressState } from "../models/surroundings.js";
import { textWidth } from "./text-width.js";

/** A stream that remembers, and a clock that is set by hand. */
function setUp(stream: { isTTY?: boolean; columns?: number }, env: Record<string, string> = { LANG: "en_US.UTF-8" }) {
  const written: string[] = [];
  const time = { now: 0 };
  const progress = new Progress({ ...stream, write: (text) => written.push(text) }, env, () => time.now);
  return { written, time, progress };
}

const epoch = (done: number, total: number | undefined = 100): ProgressState => ({
  what: "Epoch 3/30",
  done,
  total,
  unit: "steps",
  note: "loss 0.312",
});

/** What stands on the terminal's line in the end. */
function line(written: readonly string[]): string {
  return written.join("").split("\r\u001b[2K").at(-1) ?? "";
}

test("on a terminal a bar is redrawn in place, with rate and time left", () => {
  const { written, time, progress } = setUp({ isTTY: true, columns: 100 });
  progress.update(epoch(0));
  time.now = 5000;
  progress.update(epoch(25));
  expect(line(written)).toBe("Epoch 3/30  ██████░░░░░░░░░░░░░░░░░░  25/100 steps  5.0 steps/s  0:15 left  loss 0.312");
  expect(written.join("")).not.toContain("\n");
});

test("it is redrawn ten times a second at most, but always at the end", () => {
  const { written, time, progress } = setUp({ isTTY: true, columns: 100 });
  for (let step = 0; step <= 100; step++) {
    time.now += 5;
    progress.update(epoch(step));
  }
  expect(written.length).toBeLessThanOrEqual(7);
  expect(line(written)).toContain("100/100");
});

test.each([79, 60, 45, 30, 20, 12, 5])("in %i columns nothing wraps", (columns) => {
  const { written, time, progress } = setUp({ isTTY: true, columns });
  progress.update(epoch(0));
  time.now = 5000;
  progress.update(epoch(25));
  expect(textWidth(line(written))).toBeLessThanOrEqual(Math.max(10, columns - 1));
  expect(line(written)).toMatch(/^Epoch/);
});

test("a narrow terminal keeps the count longest", () => {
  const { written, time, progress } = setUp({ isTTY: true, columns: 38 });
  progress.update(epoch(0));
  time.now = 5000;
  progress.update(epoch(25));
  expect(line(written)).toBe("Epoch 3/30  25/100 steps  0:15 left");
});

test("clear takes the bar away, and the next update draws it again", () => {
  const { written, progress } = setUp({ isTTY: true, columns: 100 });
  progress.update(epoch(1));
  progress.clear();
  expect(line(written)).toBe("");
  progress.clear();
  const before = written.length;
  progress.update(epoch(2));
  expect(written.length).toBe(before + 1);
});

test("no colours; and plain characters where the terminal may not have blocks", () => {
  const { written, progress } = setUp({ isTTY: true, columns: 100 }, { LANG: "C", NO_COLOR: "1" });
  progress.update(epoch(50));
  // eslint-disable-next-line no-control-regex -- colours are such codes
  expect(written.join("")).not.toMatch(/\u001b\[\d*m/);
  if (process.platform !== "darwin") expect(line(written)).toContain("[############............]");
});

test.each([{ isTTY: false }, {}, { isTTY: true, TERM: "dumb" }])(
  "without a terminal (%j): a line every ten seconds, and none for short work",
  ({ isTTY, TERM }) => {
    const { written, time, progress } = setUp(
      isTTY === undefined ? {} : { isTTY },
      TERM === undefined ? {} : { TERM, LANG: "C" },
    );
    for (let step = 0; step <= 100; step++) {
      progress.update(epoch(step));
      time.now += 250;
    }
    expect(written).toEqual([
      "Epoch 3/30  40/100 steps  4.0 steps/s  0:15 left  loss 0.312\n",
      "Epoch 3/30  80/100 steps  4.0 steps/s  0:05 left  loss 0.312\n",
    ]);
    progress.update({ ...epoch(0), what: "Epoch 4/30" });
    expect(written).toHaveLength(2);
  },
);

test("bytes are megabytes, and a total that is not known is left out", () => {
  const { written, time, progress } = setUp({ isTTY: true, columns: 100 });
  const fetching = { what: "Fetching vgg16", unit: "bytes" } as const;
  progress.update({ ...fetching, done: 0, total: undefined });
  time.now = 2000;
  progress.update({ ...fetching, done: 5e6, total: undefined });
  expect(line(written)).toBe("Fetching vgg16  5.0 MB  2.5 MB/s");
  time.now = 3000;
  progress.update({ ...fetching, done: 30e6, total: 60e6 });
  expect(line(written)).toBe("Fetching vgg16  ████████████░░░░░░░░░░░░  30.0/60.0 MB  10 MB/s  0:03 left");
});

test("times", () => {
  expect([0, 7.4, 62, 3723].map(clock)).toEqual(["0:00", "0:07", "1:02", "1:02:03"]);
});
