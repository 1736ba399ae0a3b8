import { readdirSync } from "node:fs";
import js from "@eslint/js";
import importX, { createNodeResolver } from "eslint-plugin-import-x";
import tseslint from "typescript-eslint";

/** The rooms of src/, in the design's order: a room imports only from those before it. */
const rooms = [
  "errors",
  "onnx",
  "graph",
  "ops",
  "autodiff",
  "random",
  "passes",
  "runtime",
  "nn",
  "models",
  "training",
  "files",
  "formats",
  "photos",
  "data",
  "applications",
  "recipe",
  "report",
  "runs",
  "jobs",
  "hosts",
  "server",
  "cli",
];

/** Rooms that run in a page too: of these only src/runtime/node/ may know Node. */
const withoutNode = rooms.slice(0, rooms.indexOf("training") + 1);

/** Packages that run in a page too, beside files of our own. */
const everywhere = ["zod", "onnx-proto", "onnxruntime-common"];

const inPages = "This room runs in a page too (docs/architecture.md).";

for (const { name } of readdirSync("src", { withFileTypes: true }).filter((entry) => entry.isDirectory())) {
  if (!rooms.includes(name)) throw new Error(`src/${name} has no place among the rooms in eslint.config.js.`);
}

const zones = rooms.map((room, index) => ({
  target: `./src/${room}`,
  from: "./src",
  except: rooms.slice(0, index + 1).map((allowed) => `./${allowed}`),
  message: `src/${room} may import only from ${rooms.slice(0, index + 1).join(", ")} (CONTRIBUTING.md).`,
}));

/** What runs in Node alone is for those behind `training`. */
const nodeRuntime = withoutNode.map((room) => ({
  target: room === "runtime" ? "./src/runtime/*.ts" : `./src/${room}`,
  from: "./src/runtime/node",
  message: inPages,
}));

/** Faces never import each other: `src/cli/start.ts` puts them together. */
const faces = ["commands/*.ts", "!(start).ts"].map((files) => ({
  target: `./src/cli/${files}`,
  from: "./src/server",
  message: "Faces never import each other; src/cli/start.ts hands them on (docs/architecture.md).",
}));

const tests = { target: "./src", from: "./test", message: "What is published imports nothing from test/." };

/** The package of tensors has two copies, one for ES modules and one for CommonJS, which the engine and users may have. */
const classOfTensors = {
  selector: 'BinaryExpression[operator="instanceof"][right.name="Tensor"]',
  message: "Use isTensor: a tensor may be of another copy of ONNX Runtime's package.",
};

const madeFolders = {
  selector: 'CallExpression[callee.name=/^mkdir(Sync)?$/] Property[key.name="recursive"]',
  message: "Use makeFolders: Node tries for ever where a folder that is there takes none.",
};

const readers = "readRegularFile: a pipe or a device that a person or a file names would be waited for.";

export default tseslint.config(
  { ignores: ["dist/", "dist.*.tmp/", "coverage/", "runs/", "**/*.tmp.ts"] },
  js.configs.recommended,
  {
    files: ["**/*.ts"],
    extends: [...tseslint.configs.strictTypeChecked, ...tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { "import-x": importX },
    // Without it "./x.js" would not be found to be x.ts, and what is not found is restricted by no rule.
    settings: { "import-x/resolver-next": [createNodeResolver({ extensionAlias: { ".js": [".ts", ".js"] } })] },
    rules: {
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
      "@typescript-eslint/no-non-null-assertion": "error",
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      // Mapped types over generic keys resolve to {} before the keys are known.
      "@typescript-eslint/no-generated-empty-object-type": "off",
      "@typescript-eslint/no-unnecessary-condition": ["error", { allowConstantLoopConditions: true }],
      "import-x/no-restricted-paths": ["error", { zones }],
      // So that the rule above cannot fall asleep. Packages are the compiler's business.
      "import-x/no-unresolved": ["error", { ignore: ["^[^.]"] }],
      "import-x/no-cycle": "off",
      eqeqeq: "error",
    },
  },
  {
    files: ["src/**/*.ts"],
    ignores: ["**/*.test.ts"],
    rules: {
      "import-x/no-restricted-paths": ["error", { zones: [...zones, ...nodeRuntime, ...faces, tests] }],
      "no-restricted-syntax": ["error", classOfTensors, madeFolders],
    },
  },
  {
    files: ["src/**/*.ts"],
    // Of the system, of the package itself, or of a descriptor.
    ignores: [
      "**/*.test.ts",
      "src/runtime/node/processors.ts",
      "src/files/process-mark.ts",
      "src/files/network.ts",
      "src/hosts/node/versions.ts",
    ],
    rules: {
      "no-restricted-imports": [
        "error",
        {
          paths: [
            { name: "node:fs", importNames: ["readFile", "readFileSync", "createReadStream"], message: readers },
            { name: "node:fs/promises", importNames: ["readFile"], message: readers },
          ],
        },
      ],
    },
  },
  {
    files: withoutNode.map((room) => `src/${room}/**/*.ts`),
    ignores: ["**/*.test.ts", "src/runtime/node/**"],
    rules: {
      "no-restricted-imports": [
        "error",
        {
          patterns: [{ regex: `^(?!\\.|(${everywhere.join("|")})$)`, message: inPages }],
        },
      ],
      "no-restricted-globals": [
        "error",
        ...["process", "Buffer", "__dirname", "global", "setImmediate"].map((name) => ({ name, message: inPages })),
      ],
      "no-restricted-properties": [
        "error",
        ...["process", "Buffer"].map((property) => ({ object: "globalThis", property, message: inPages })),
      ],
      "no-restricted-syntax": [
        "error",
        classOfTensors,
        { selector: "ImportExpression > Literal[value=/^[^.]/]", message: inPages },
      ],
    },
  },
  {
    files: ["**/*.js", "**/*.mjs"],
    ignores: ["src/**"],
    languageOptions: { globals: { console: "readonly", process: "readonly", URL: "readonly" } },
  },
  {
    // The program of a page: it runs in browsers, behind ONNX Runtime Web.
    files: ["src/**/*.js"],
    languageOptions: {
      globals: Object.fromEntries(
        [
          ...["document", "navigator", "atob", "Blob", "DecompressionStream", "Response", "createImageBitmap"],
          ...["setTimeout", "ort"],
        ].map((name) => [name, "readonly"]),
      ),
    },
  },
);
