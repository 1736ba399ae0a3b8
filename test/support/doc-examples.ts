import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import ts from "typescript";

/** An `@example` of a doc comment. */
export interface DocExample {
  /** What it is an example of: `Dense`, `BaseModel.fit`. */
  readonly of: string;
  /** Where it stands, for messages: `src/nn/layers/core/dense.ts:44`. */
  readonly place: string;
  readonly code: string;
}

/** Name of a declaration; of a member, behind the name of what it belongs to. */
function nameOf(node: ts.Node): string {
  // The comment of a variable is that of its statement.
  const [variable] = ts.isVariableStatement(node) ? node.declarationList.declarations : [];
  const name = ((variable ?? node) as ts.NamedDeclaration).name?.getText();
  const owner = ts.isClassElement(node) || ts.isTypeElement(node) ? nameOf(node.parent) : undefined;
  return [owner, name].filter((part) => part !== undefined).join(".");
}

function examplesOf(file: string, text: string): DocExample[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true);
  const examples = new Map<number, DocExample>();
  const visit = (node: ts.Node): void => {
    for (const tag of ts.getJSDocTags(node).filter(({ tagName }) => tagName.text === "example")) {
      const place = `${file}:${source.getLineAndCharacterOfPosition(tag.pos).line + 1}`;
      const [, code] = /^```ts\n((?:(?!```)[^])+\n)```$/.exec(ts.getTextOfJSDocComment(tag.comment) ?? "") ?? [];
      if (code === undefined) {
        throw new Error(`${place}: expected @example, then one fence of \`\`\`ts, and nothing behind it.`);
      }
      // The declaration of a variable has the comment of its statement.
      if (!examples.has(tag.pos)) examples.set(tag.pos, { of: nameOf(node), place, code });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return [...examples.values()];
}

/** All `@example`s of `src`. */
export async function docExamples(root: string): Promise<DocExample[]> {
  const files = (await readdir(join(root, "src"), { recursive: true }))
    .map((file) => `src/${file.replaceAll("\\", "/")}`)
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"));
  const found = await Promise.all(
    files.sort().map(async (file) => examplesOf(file, await readFile(join(root, file), "utf8"))),
  );
  return found.flat();
}

/**
 * Type-checks examples with the project's own options, each as a module of its own inside the project.
 *
 * @returns what is wrong, one line each
 */
export function checkExamples(root: string, examples: readonly DocExample[]): string[] {
  const file = `${root}/tsconfig.json`;
  const { config } = ts.readConfigFile(file, (path) => ts.sys.readFile(path)) as { readonly config: unknown };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root, undefined, file);
  // Never written: tsc would check files that were left behind with the project.
  const files = new Map(examples.map((example, index) => [`${root}/test/doc-example-${index}.tmp.ts`, example]));
  const host = ts.createCompilerHost(options, true);
  const program = ts.createProgram([...files.keys()], options, {
    ...host,
    fileExists: (path) => files.has(path) || host.fileExists(path),
    readFile: (path) => files.get(path)?.code ?? host.readFile(path),
    getSourceFile(path, how) {
      const text = files.get(path)?.code;
      return text === undefined ? host.getSourceFile(path, how) : ts.createSourceFile(path, text, how, true);
    },
  });
  const global = program.getOptionsDiagnostics().map(({ messageText }) => `${file}: ${wordsOf(messageText)}`);
  const local = [...files].flatMap(([path, { of, place }]) => {
    const source = program.getSourceFile(path);
    const wrong = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
    return wrong.map(({ messageText, start = 0 }) => {
      const line = (source?.getLineAndCharacterOfPosition(start).line ?? 0) + 1;
      return `${place}, example of ${of}, line ${line}: ${wordsOf(messageText)}`;
    });
  });
  return [...global, ...local];
}

function wordsOf(message: string | ts.DiagnosticMessageChain): string {
  return ts.flattenDiagnosticMessageText(message, " ");
}

/**
 * What an example says that it prints, line by line: the text behind `// →`, or `undefined` where `// such as` says that it
 * may differ.
 */
export function statedOutputs({ code }: DocExample): (string | undefined)[] {
  return [...code.matchAll(/\/\/ (→|such as) (.+)$/gm)].map(([, how, text]) => (how === "→" ? text : undefined));
}
