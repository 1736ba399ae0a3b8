import { expect, test } from "vitest";
import { divideCores } from "./classifier-threads.js";

const [small, large, huge] = [10e6, 60e6, 600e6];

test.each([
  { bytes: small, cores: 1, expected: { copies: 1, cores: 1 } },
  { bytes: small, cores: 2, expected: { copies: 2, cores: 1 } },
  { bytes: large, cores: 4, expected: { copies: 4, cores: 1 } },
  { bytes: large, cores: 12, expected: { copies: 8, cores: 1 } },
  { bytes: large, cores: 16, expected: { copies: 8, cores: 2 } },
  { bytes: small, cores: 64, expected: { copies: 16, cores: 4 } },
  { bytes: huge, cores: 8, expected: { copies: 1, cores: 8 } },
])("$cores cores and a file of $bytes bytes: $expected.copies copies", ({ bytes, cores, expected }) => {
  expect(divideCores(bytes, cores)).toEqual(expected);
});
