import { expect, test } from "vitest";
import { licenceOfCard, licenceOfReadme } from "./card.js";

test.each([
  [{ license: "mit" }, "mit"],
  [{ license: ["mit", "apache-2.0"] }, "mit, apache-2.0"],
  [{ license: "other", license_name: "apple-ascl", license_link: "LICENSE" }, "apple-ascl (LICENSE)"],
  [{ license: "other", license_name: "dinov3-license" }, "dinov3-license"],
  [{ license: "other", license_link: "https://x.test/y" }, "other (https://x.test/y)"],
  [{ license: "other" }, "other"],
  [{ license: "unknown" }, undefined],
  [{ license: 3, tags: [] }, undefined],
  [{}, undefined],
  [undefined, undefined],
  [null, undefined],
])("the licence of the card %j is %s", (card, licence) => {
  expect(licenceOfCard(card)).toBe(licence);
});

test("what a stranger writes there does not fill a record", () => {
  expect(licenceOfCard({ license: "x".repeat(1e6) })).toHaveLength(300);
});

test.each([
  ["---\nlicense: apache-2.0\n---\n", "apache-2.0"],
  ["\uFEFF---\r\nlicense: 'mit' # a comment\r\ntags:\r\n- x\r\n---\r\ntext", "mit"],
  ["---\ntags:\n- license: no\nlicense:\n- mit\n- bsd-3-clause\nlanguage: en\n---\n", "mit, bsd-3-clause"],
  ['---\nlicense: [mit, "cc0-1.0"]\n---\n', "mit, cc0-1.0"],
  ["---\nlicense: other\nlicense_name: own\nlicense_link: https://x.test/#y\n---\n", "own (https://x.test/#y)"],
  ["---\nbase_model: timm/x\n---\nlicense: mit\n", undefined],
  ["license: mit\n", undefined],
  ["", undefined],
])("the licence at the head of %j is %s", (readme, licence) => {
  expect(licenceOfReadme(readme)).toBe(licence);
});
