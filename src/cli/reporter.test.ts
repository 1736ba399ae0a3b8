import { expect, test } from "vitest";
import { Reporter } from "./reporter.js";

function setUp(json: boolean, isTTY = false) {
  const out: string[] = [];
  const err: string[] = [];
  const time = { now: 0 };
  const reporter = new Reporter(
    {
      stdout: { write: (text) => out.push(text) },
      stderr: { write: (text) => err.push(text), isTTY, columns: 80 },
      env: { LANG: "C.UTF-8" },
      elapsed: () => time.now,
    },
    json,
  );
  return { out, err, time, reporter };
}

test("people: words on stderr, results on stdout, no events", () => {
  const { out, err, reporter } = setUp(false);
  reporter.event({ event: "done", command: "networks", networks: 1 });
  reporter.say("Training.");
  reporter.result("97 %");
  reporter.warn("noisy-validation", "Few photos.");
  reporter.skipped("a.jpg", "the file is empty");
  expect(out).toEqual(["97 %\n"]);
  expect(err).toEqual(["Training.\n", "Warning: Few photos.\n", "Skipped a.jpg: the file is empty.\n"]);
});

test("machines: one JSON object a line on stdout, and nothing on stderr", () => {
  const { out, err, reporter } = setUp(true);
  reporter.say("Training.");
  reporter.result("97 %");
  reporter.warn("noisy-validation", "Few\nphotos.");
  reporter.skipped("a.jpg", "the file is empty");
  expect(err).toEqual([]);
  expect(out.map((line) => JSON.parse(line) as unknown)).toEqual([
    { event: "warning", code: "noisy-validation", message: "Few\nphotos." },
    { event: "skipped", path: "a.jpg", reason: "the file is empty" },
  ]);
  expect(out.every((line) => line.indexOf("\n") === line.length - 1)).toBe(true);
});

test("progress events come twice a second at most", () => {
  const { out, time, reporter } = setUp(true);
  for (let done = 1; done <= 100; done++) {
    time.now += 50;
    reporter.progress(
      { stage: "training", unit: "steps", done, total: 100, epoch: 1, epochs: 2 },
      { what: "Epoch 1/2" },
    );
  }
  expect(out).toHaveLength(10);
  expect(JSON.parse(out[0] ?? "")).toEqual({
    ...{ event: "progress", stage: "training", unit: "steps" },
    ...{ done: 1, total: 100, epoch: 1, epochs: 2 },
  });
});

test("words between two redraws of a bar begin on a line of their own", () => {
  const { err, reporter } = setUp(false, true);
  reporter.progress({ stage: "training", unit: "steps", done: 1, total: 2 }, { what: "Epoch 1/2" });
  reporter.say("Skipped a.jpg.");
  reporter.end();
  expect(err.slice(1)).toEqual(["\r\u001b[2K", "Skipped a.jpg.\n"]);
});

test.each([true, false])(
  "progress is left out while the reader has not taken what was said before (json: %s)",
  (json) => {
    const said: string[] = [];
    const stream = { write: (text: string) => said.push(text), isTTY: true, columns: 80, writableLength: 0 };
    const time = { now: 0 };
    const reporter = new Reporter({ stdout: stream, stderr: stream, env: {}, elapsed: () => time.now }, json);
    const report = (): void => {
      time.now += 1000;
      const event = { stage: "training", unit: "steps", done: time.now / 1000, total: 9 } as const;
      reporter.progress(event, { what: "Epoch 1/1" });
    };
    report();
    stream.writableLength = 100;
    report();
    report();
    stream.writableLength = 0;
    report();
    expect(said).toHaveLength(2);
    expect(said.at(-1)).toMatch(json ? /"done":4/ : /4\/9 steps/);
  },
);
