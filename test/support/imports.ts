import { readdir, readFile } from "node:fs/promises";
import { join, posix } from "node:path";
import ts from "typescript";

/** An import of one source file by another; paths from `src/`, with `/`. */
export interface Import {
  readonly from: string;
  readonly to: string;
  /** `type` leaves nothing in the program; `later` is loaded when it is called for; `thread` runs in a thread of its own. */
  readonly kind: "type" | "now" | "later" | "thread";
}

/** Text of a literal that names another file of the project. */
function relativePath(node: ts.Node | undefined): string | undefined {
  return node !== undefined && ts.isStringLiteral(node) && /^\.\.?\//.test(node.text) ? node.text : undefined;
}

function bringsTypesOnly(node: ts.ImportDeclaration | ts.ExportDeclaration): boolean {
  if (ts.isExportDeclaration(node)) return node.isTypeOnly;
  return node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword;
}

/** What a node of the syntax tree imports, if it does. */
function importIn(node: ts.Node): readonly [to: string | undefined, kind: Import["kind"]] | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) {
    return [relativePath(node.moduleSpecifier), bringsTypesOnly(node) ? "type" : "now"];
  }
  if (ts.isImportTypeNode(node)) {
    return [ts.isLiteralTypeNode(node.argument) ? relativePath(node.argument.literal) : undefined, "type"];
  }
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    return [relativePath(node.arguments[0]), "later"];
  }
  // new URL("./worker", import.meta.url)
  if (ts.isNewExpression(node) && node.arguments?.[1]?.getText() === "import.meta.url") {
    return [relativePath(node.arguments[0]), "thread"];
  }
  return undefined;
}

function importsOf(from: string, text: string): Import[] {
  const found: Import[] = [];
  const visit = (node: ts.Node): void => {
    const [path, kind] = importIn(node) ?? [];
    if (path !== undefined && kind !== undefined) {
      const to = posix.join(posix.dirname(from), path).replace(/(\.js)?$/, ".ts");
      found.push({ from, to, kind });
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(from, text, ts.ScriptTarget.Latest, true));
  return found;
}

/** All source files of a folder but tests and declarations, as paths from it, with `/`. */
export async function sourceFiles(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true });
  return names
    .map((name) => name.replaceAll("\\", "/"))
    .filter((name) => name.endsWith(".ts") && !/\.(test|d)\.ts$/.test(name))
    .sort();
}

/** All imports between the source files of a folder. */
export async function importsIn(folder: string): Promise<Import[]> {
  const files = await sourceFiles(folder);
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), "utf8")));
  return files.flatMap((file, index) => importsOf(file, texts[index] ?? ""));
}

/** Sets of files of which each imports each other, directly or through others of the set. */
export function circles(imports: readonly Pick<Import, "from" | "to">[]): string[][] {
  const next = new Map<string, string[]>();
  for (const { from, to } of imports) next.set(from, [...(next.get(from) ?? []), to]);
  const reach = (start: string): Set<string> => {
    const seen = new Set<string>();
    const waiting = [...(next.get(start) ?? [])];
    for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
      if (seen.has(file)) continue;
      seen.add(file);
      waiting.push(...(next.get(file) ?? []));
    }
    return seen;
  };
  const reached = new Map([...next.keys()].map((file) => [file, reach(file)]));
  const found = new Map<string, string[]>();
  for (const [file, far] of reached) {
    if (!far.has(file)) continue;
    const circle = [...far].filter((other) => reached.get(other)?.has(file) === true).sort();
    found.set(circle.join(" "), circle);
  }
  return [...found.values()];
}
