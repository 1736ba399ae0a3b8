import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type FetchedNetwork, fetchFromHub } from "../src/files/hub.js";
import { parseHubName } from "../src/files/hub/reference.js";
import { networkOf } from "../src/files/network.js";
import { hubCommit, hubServer } from "./support/hub-server.js";
import { hubPython, runPython } from "./support/keras-python.js";

/** Prints where the hub's own library has a file. */
const download = `
import json, sys
from huggingface_hub import hf_hub_download, scan_cache_dir
offline, *files = sys.argv[1:]
paths = [hf_hub_download("owner/net", file, local_files_only=offline == "offline") for file in files]
found = scan_cache_dir()
print("RESULT" + json.dumps({"paths": paths, "repositories": [r.repo_id for r in found.repos],
  "files": sorted(f.file_name for r in found.repos for v in r.revisions for f in v.files),
  "refs": sorted(ref for r in found.repos for ref in r.refs), "warnings": [str(w) for w in found.warnings]}))
`;

const python = await hubPython();
const files = {
  "README.md": "---\nlicense: mit\n---\n",
  "model.keras": Buffer.from("a network"),
  "config.json": "{}",
};

describe.skipIf(python === undefined)("the hub's own library and Graft share a cache", () => {
  test.each([
    ["links", {}],
    ["copies", { HF_HUB_DISABLE_SYMLINKS: "1" }],
  ])("of %s", async (_, more) => {
    const folder = await mkdtemp(join(tmpdir(), "graft-hub-python-"));
    const hub = await hubServer({ "owner/net": { files } });
    const environment = (home: string): NodeJS.ProcessEnv => ({
      ...{ PATH: process.env["PATH"], HF_HOME: join(folder, home), HF_ENDPOINT: hub.endpoint, HF_HUB_DISABLE_XET: "1" },
      ...more,
    });
    const fetch = async (env: NodeJS.ProcessEnv): Promise<FetchedNetwork> =>
      fetchFromHub(parseHubName("hf:owner/net"), {}, { env, network: networkOf({}, {}) });
    try {
      const ours = environment("ours");
      const fetched = await fetch(ours);
      const names = [...fetched.files].sort();
      expect(await runPython(python, download, ["offline", ...names], ours)).toEqual({
        paths: names.map((name) => join(fetched.folder, name)),
        ...{ repositories: ["owner/net"], files: names, refs: ["main"], warnings: [] },
      });
      const theirs = environment("theirs");
      await runPython(python, download, ["online", "model.keras", "README.md"], theirs);
      const asked = hub.requests.length;
      const found = await fetch({ ...theirs, HF_HUB_OFFLINE: "1" });
      expect(hub.requests).toHaveLength(asked);
      expect(found).toMatchObject({ revision: hubCommit, licence: "mit", files: ["model.keras", "README.md"] });
      expect(await readFile(found.file, "utf8")).toBe("a network");
      await fetch(theirs);
      const fetchedAgain = hub.requests.slice(asked).filter(({ url }) => url.includes("/resolve/"));
      expect(fetchedAgain.map(({ url }) => url.split("/").at(-1))).toEqual(["config.json"]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
