import { stat } from "node:fs/promises";
import type { Command } from "commander";
import { UsageError } from "../../errors/errors.js";
import { shellWord } from "../../errors/shell-word.js";
import { count, quotedList } from "../../errors/words.js";
import { fileSystemError } from "../../files/file-system-errors.js";
import { readRegularText } from "../../files/regular-file.js";
import type { JobEvent } from "../../jobs/events.js";
import { serveDefaults, servedPaths } from "../../jobs/serve.js";
import { contextFor, type Words } from "../face.js";
import { stopOnInterrupt } from "../interruption.js";
import { addJson, addOptions, deviceOption, duration, realNumber, someText, wholeNumber } from "../options.js";
import { Reporter } from "../reporter.js";
import type { Surroundings } from "../surroundings.js";

interface ServeFlags {
  readonly host: string;
  readonly port: number;
  readonly tokenFile?: string;
  readonly maxBody: number;
  readonly maxPhotos: number;
  readonly maxQueue: number;
  readonly timeout: number;
  readonly device: string;
  readonly json?: boolean;
}

const { host, port, limits } = serveDefaults;

const help = `
Each MODEL is a run folder of \`graft train\`, or its model.onnx; NAME=PATH serves it under that name. The first
answers where a request names none.

  curl --data-binary @rose.jpg -H 'Content-Type: image/jpeg' http://127.0.0.1:8000/v1/predict
  curl -F image=@rose.jpg -F image=@tulip.jpg 'http://127.0.0.1:8000/v1/predict?top=3'

http://127.0.0.1:8000/docs shows all that can be asked. A model whose file changes is opened anew, and tried, while
the one before answers.

Only this computer is answered, and no page of others in its browser. With --host others are, if they show a token:
make one with \`node -p 'crypto.randomBytes(32).toString("hex")' > token\`, let nobody else read it (chmod 600 token), and
name it with --token-file, or put it into the environment variable GRAFT_TOKEN.

Ctrl+C and SIGTERM end it with exit code 0 when all that was accepted is answered; a second one ends it at once.

Examples:
  graft serve runs/photos-20260131-120000
  graft serve flowers=runs/flowers pets=runs/pets/model.onnx --port 0 --json
  graft serve runs/flowers --host 0.0.0.0 --token-file token`;

/** What is taken for a token: long enough that nobody guesses it, and fit for a header. */
const tokens = /^[\x21-\x7e]{16,1000}$/;

/** Bytes of a log that nobody takes, after which requests are left out of it. */
const mostUnread = 2 ** 20;

function checkedToken(text: string, source: string): string {
  const token = text.trim();
  if (tokens.test(token)) return token;
  throw new UsageError(`The token in ${source} is not usable.`, {
    subject: source,
    expected: "16 to 1000 letters, digits and signs of ASCII, without blanks",
    received:
      token.length < 16 ? count(token.length, "sign") : token.length > 1000 ? count(token.length, "sign") : "others",
    advice: "Make one with: node -p 'crypto.randomBytes(32).toString(\"hex\")' > token",
  });
}

/** What requests must show: of the file, else of the environment, where everybody who may list processes does not see it. */
async function tokenOf(file: string | undefined, env: Surroundings["env"]): Promise<string | undefined> {
  const variable = env["GRAFT_TOKEN"];
  if (file === undefined)
    return variable === undefined || variable === "" ? undefined : checkedToken(variable, "GRAFT_TOKEN");
  const text = await readRegularText(file, { most: 10_000 }).catch((cause: unknown) => {
    throw fileSystemError(cause, file, "read");
  });
  return checkedToken(text, file);
}

/** What is said of a file that others may read too; Windows has other rights. */
async function tokenWarning(file: string): Promise<string | undefined> {
  const { mode } = await stat(file);
  if (process.platform === "win32" || (mode & 0o044) === 0) return undefined;
  return (
    `The token file ${file} can be read by other users of this computer, who could then ask the server: ` +
    `chmod 600 ${shellWord(file, process.platform)}`
  );
}

const words =
  (reporter: Reporter): Words =>
  (event) => {
    switch (event.event) {
      case "serving":
        reporter.result(
          `Serving ${quotedList(event.models)} at ${event.url}; ${event.url}/docs shows how to ask. Ctrl+C stops it.`,
        );
        return true;
      case "request": {
        const photos = event.photos + event.refused > 0 ? `, ${count(event.photos + event.refused, "photo")}` : "";
        const refused = event.refused > 0 ? `, ${event.refused} not usable` : "";
        reporter.say(`${event.method} ${event.route} ${event.status}${photos}${refused}, ${event.milliseconds} ms`);
        return true;
      }
      case "reloaded":
        reporter.say(
          `The file of the model "${event.model}" has changed: the new one answers (SHA-256 ${event.sha256.slice(0, 12)}…).`,
        );
        return true;
      case "done":
        if (event.command === "serve")
          reporter.say(`Stopped after ${count(event.requests, "request")} with ${count(event.photos, "photo")}.`);
        return true;
      default:
        return false;
    }
  };

/** Leaves requests out of a log that nobody takes, and says how many. */
function boundedLog(emit: (event: JobEvent) => void, unread: () => number): (event: JobEvent) => void {
  let lost = 0;
  return (event) => {
    if (event.event === "request" && unread() > mostUnread) {
      lost += 1;
      return;
    }
    if (lost > 0) {
      emit({
        event: "warning",
        code: "log",
        message: `${count(lost, "request")} are not in this log, for nobody took it.`,
      });
      lost = 0;
    }
    emit(event);
  };
}

/** Adds `graft serve` to the program. */
export function addServe(program: Command, surroundings: Surroundings): void {
  const command = program
    .command("serve")
    .summary("answer over HTTP what is on photos")
    .description("Answers over HTTP what is on photos, for one machine.")
    .argument("<MODEL...>", "run folders or model.onnx files, or NAME=PATH")
    .option(
      "--host <address>",
      "where to listen; others than this computer need a token",
      someText("--host", "an address"),
      host,
    )
    .option(
      "--port <number>",
      "at which port; 0 for any that is free",
      wholeNumber("--port", { from: 0, to: 65_535 }),
      port,
    )
    .option(
      "--token-file <file>",
      "file with what requests must show; default GRAFT_TOKEN",
      someText("--token-file", "the path of a file"),
    )
    .option(
      "--max-body <megabytes>",
      "the largest body of a request",
      realNumber("--max-body", { from: 0.001, to: 1024 }),
      limits.bodyBytes / 1e6,
    )
    .option(
      "--max-photos <number>",
      "photos of a request",
      wholeNumber("--max-photos", { from: 1, to: 1000 }),
      limits.photos,
    )
    .option(
      "--max-queue <number>",
      "photos that wait, of all requests together",
      wholeNumber("--max-queue", { from: 1, to: 100_000 }),
      limits.queue,
    )
    .option(
      "--timeout <duration>",
      "how long a request may take to arrive, and to be answered, such as 10s",
      // A timer of more than 24 days would end at once.
      duration("--timeout", { from: 0.1, to: 24 * 3600, words: " from 0.1s to 24h" }),
      limits.seconds,
    );
  addJson(addOptions(command, deviceOption))
    .addHelpText("after", help)
    .action(async (paths: readonly string[], flags: ServeFlags) => {
      const { device, json, maxBody, maxPhotos, maxQueue, timeout } = flags;
      if (maxPhotos > maxQueue) {
        throw new UsageError("Requests may have more photos than the queue.", {
          subject: "--max-photos",
          expected: `at most as many as --max-queue, ${maxQueue}`,
          received: String(maxPhotos),
        });
      }
      const models = servedPaths(paths);
      const token = await tokenOf(flags.tokenFile, surroundings.env);
      const shared = flags.tokenFile === undefined ? undefined : await tokenWarning(flags.tokenFile);
      // Who looks at the log may go; who asks the server stays.
      surroundings.goOnUnread();
      const reporter = new Reporter(surroundings, json === true);
      const stop = stopOnInterrupt(surroundings, reporter, "Stopping: what was accepted is still answered.");
      const context = contextFor(reporter, surroundings, words(reporter));
      const log = json === true ? surroundings.stdout : surroundings.stderr;
      const emit = boundedLog(context.emit, () => log.writableLength ?? 0);
      try {
        if (shared !== undefined) emit({ event: "warning", code: "token-file", message: shared });
        const request = {
          ...{ models, host: flags.host, port: flags.port, token, device },
          limits: { bodyBytes: Math.round(maxBody * 1e6), photos: maxPhotos, queue: maxQueue, seconds: timeout },
        };
        await surroundings.serve(request, { ...context, emit, signal: stop.signal });
      } finally {
        stop.end();
        reporter.end();
      }
    });
}
