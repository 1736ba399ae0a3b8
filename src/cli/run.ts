import { Command, CommanderError } from "commander";
import { addCache } from "./commands/cache.js";
import { addEvaluate } from "./commands/evaluate.js";
import { addExplain } from "./commands/explain.js";
import { addExport } from "./commands/export.js";
import { addInspect } from "./commands/inspect.js";
import { addNetworks } from "./commands/networks.js";
import { addPredict } from "./commands/predict.js";
import { addReport } from "./commands/report.js";
import { addTrain } from "./commands/train.js";
import { addTune } from "./commands/tune.js";
import { version } from "../errors/version.js";
import { harmless, harmlessJson } from "../errors/harmless.js";
import { exitCodes, failureOf } from "./failure.js";
import type { Surroundings } from "./surroundings.js";

const examples = `
Examples:
  graft train photos/                      photos/ holds one folder per class
  graft predict runs/photos-… new.jpg      what is on a new photo?
  graft evaluate runs/photos-… held-out/   how often is it right?

Exit codes: 0 done, 1 the work failed, 2 the call was wrong, 130 stopped by Ctrl+C.
GRAFT_CACHE names the folder for downloads and what is kept of photos.
GRAFT_DEBUG=1 shows where an unexpected error happened.`;

/**
 * Runs the command line.
 *
 * @param args what stands behind `graft`
 * @param surroundings streams, clock and parts
 * @returns the exit code
 */
export async function run(args: readonly string[], surroundings: Surroundings): Promise<number> {
  let exitCode: number = exitCodes.done;
  const end = (code: number): void => {
    exitCode = code;
  };
  const program = new Command("graft")
    .description("Fine-tunes pretrained image networks on a folder of photos, on an ordinary computer.")
    .version(version, "-V, --version", "say which version this is")
    .helpOption("-h, --help", "explain a command")
    .helpCommand("help [command]", "explain a command")
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => surroundings.stdout.write(text),
      writeErr: (text) => surroundings.stderr.write(text),
      getOutHelpWidth: () => surroundings.stdout.columns ?? 100,
      getErrHelpWidth: () => surroundings.stderr.columns ?? 100,
      // Said below, together with all other errors.
      outputError: () => undefined,
    })
    .addHelpText("after", examples);
  // Commands take over the settings above when they are added.
  addTrain(program, surroundings, end);
  addTune(program, surroundings, end);
  addPredict(program, surroundings);
  addEvaluate(program, surroundings);
  addExplain(program, surroundings);
  addExport(program, surroundings);
  addReport(program, surroundings);
  addNetworks(program, surroundings);
  addInspect(program, surroundings);
  addCache(program, surroundings);
  try {
    await program.parseAsync(args, { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.code === "commander.helpDisplayed" || error.code === "commander.version") return exitCodes.done;
      // `graft` alone and `graft help nonsense` have shown the help by now.
      if (error.code === "commander.help") return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
    }
    const failure = failureOf(error, surroundings.env["GRAFT_DEBUG"] === "1");
    const options = args.includes("--") ? args.slice(0, args.indexOf("--")) : args;
    if (options.includes("--json")) {
      const { code, message } = failure;
      surroundings.stdout.write(`${harmlessJson({ event: "error", code, message })}\n`);
    }
    surroundings.stderr.write(`${harmless(failure.text)}\n`);
    if (error instanceof CommanderError) {
      const command = program.commands.find((candidate) => candidate.name() === args[0]);
      surroundings.stderr.write(`  See: graft ${command === undefined ? "" : `${command.name()} `}--help\n`);
    }
    return failure.exitCode;
  }
}
