import { expect, test } from "vitest";
import type { Search, Trial } from "../recipe/search/search-types.js";
import { tuningSvg } from "../report/tuning-svg.js";
import { tuningTable } from "../report/tuning-table.js";
import { tuningCsv, tuningRecord } from "./tuning-files.js";

const settings = { learningRate: 3e-4, unfreeze: "block_16", epochs: 6, batchSize: 32 };
const trials: readonly Trial[] = [
  { trial: 1, settings, loss: 0.5, accuracy: 0.8, seconds: 12, better: false },
  { trial: 2, settings: { ...settings, unfreeze: "none" }, loss: 0.6, accuracy: 0.75, seconds: 0, better: false },
  {
    trial: 3,
    settings: { ...settings, unfreeze: 'a,"b"', learningRate: 0.1 },
    loss: null,
    accuracy: null,
    seconds: 3,
    better: false,
  },
  { trial: 4, settings: { ...settings, learningRate: 1e-3 }, loss: 0.3, accuracy: 0.9, seconds: 13, better: true },
];
const [, , , chosen = expect.fail("no trial")] = trials;
const search: Search = { time: 180, trials, chosen, errors: 1.5, rates: undefined };

test("a line of tuning.csv for each trial", () => {
  expect(tuningCsv(search).split("\n")).toEqual([
    "trial,learning_rate,unfreeze,epochs,batch_size,loss,accuracy,seconds,better,chosen",
    "1,0.0003,block_16,6,32,0.5,0.8,12,false,false",
    "2,0.0003,none,6,32,0.6,0.75,0,false,false",
    '3,0.1,"a,""b""",6,32,,,3,false,false',
    "4,0.001,block_16,6,32,0.3,0.9,13,true,true",
    "",
  ]);
});

test.each(["\t=1", "\r=1"])("%j is spelled out in tuning.csv", (unfreeze) => {
  const text = tuningCsv({ ...search, trials: [{ ...chosen, settings: { ...settings, unfreeze } }] });
  expect(text).toContain(unfreeze === "\t=1" ? ",\\t=1," : ",\\x0d=1,");
});

test.each(['=HYPERLINK("http://x")', "+1", "-1", "@SUM(1)", "＝1"])("%j is no formula in tuning.csv", (unfreeze) => {
  const [, line = ""] = tuningCsv({ ...search, trials: [{ ...chosen, settings: { ...settings, unfreeze } }] }).split(
    "\n",
  );
  const written = `'${unfreeze}`;
  expect(line).toContain(/[",\r]/.test(written) ? `"${written.replaceAll('"', '""')}"` : `,${written},`);
});

test("tuning.json has space, trials and choice", () => {
  expect(JSON.parse(JSON.stringify(tuningRecord(search)))).toMatchObject({
    ...{ format: 1, time: 180, standard_errors: 1.5, chosen: 4 },
    space: { learning_rate: { times: 4 }, stages: [1, 2] },
    trials: [{ trial: 1, learning_rate: 3e-4 }, {}, { loss: null }, { better: true }],
  });
});

test("the table says it in words", () => {
  const lines = tuningTable(search).split("\n");
  expect(lines[1]).toMatch(/^ +1 {2}from block_16 on +0\.0003 +6 +32 +0\.5000 +80\.0 % +12\.0 s {2}the defaults$/);
  expect(lines[2]).toMatch(/the new classifier +– +– +– +0\.6000/);
  expect(lines[3]).toMatch(/– +– +3\.0 s {2}lost its numbers$/);
  expect(lines[4]).toMatch(/taken$/);
});

test("the picture has a colour for what learns, and a line for the frozen network", () => {
  const svg = tuningSvg(search);
  expect(svg).toMatch(/^<svg[\s\S]*<\/svg>\n$/);
  for (const text of ["from block_16 on", "the new classifier alone", "learning rate"]) expect(svg).toContain(text);
  expect(tuningSvg({ ...search, trials: trials.slice(2, 3) })).toContain("<svg");
});

test("a layer's name breaks no picture", () => {
  const unfreeze = 'a\u0007<b>&"\ufffe\ud800';
  const svg = tuningSvg({ ...search, trials: [{ ...chosen, settings: { ...settings, unfreeze } }] });
  expect(svg).toContain("a\\x07&lt;b&gt;&amp;");
  // eslint-disable-next-line no-control-regex -- XML allows none of them
  expect(svg).not.toMatch(/[\0-\x08\x0b-\x1f\ufffe]|\p{Surrogate}/u);
});
