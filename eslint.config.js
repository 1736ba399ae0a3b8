import js from "@eslint/js";
import importX from "eslint-plugin-import-x";
import tseslint from "typescript-eslint";

/** The rooms of src/, in the design's order: a room imports only from those before it. */
const rooms = [
  "errors",
  "onnx",
  "graph",
  "ops",
  "autodiff",
  "runtime",
  "random",
  "nn",
  "models",
  "weights",
  "applications",
  "data",
  "training",
  "report",
  "cli",
];

const zones = rooms.map((room, index) => ({
  target: `./src/${room}`,
  from: "./src",
  except: rooms.slice(0, index + 1).map((allowed) => `./${allowed}`),
  message: `src/${room} may import only from ${rooms.slice(0, index + 1).join(", ")} (docs/design.md).`,
}));

export default tseslint.config(
  { ignores: ["dist/", "coverage/", "runs/"] },
  js.configs.recommended,
  {
    files: ["**/*.ts"],
    extends: [...tseslint.configs.strictTypeChecked, ...tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { "import-x": importX },
    rules: {
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
      "@typescript-eslint/no-non-null-assertion": "error",
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      // Mapped types over generic keys resolve to {} before the keys are known.
      "@typescript-eslint/no-generated-empty-object-type": "off",
      "@typescript-eslint/no-unnecessary-condition": ["error", { allowConstantLoopConditions: true }],
      "import-x/no-restricted-paths": ["error", { zones }],
      "import-x/no-cycle": "off",
      eqeqeq: "error",
    },
  },
  {
    files: ["**/*.js", "**/*.mjs"],
    languageOptions: { globals: { console: "readonly", process: "readonly", URL: "readonly" } },
  },
);
