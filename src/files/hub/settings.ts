import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { UsageError } from "../../errors/errors.js";
import { errorCode, fileSystemError } from "../file-system-errors.js";
import { isOpenAddress } from "../open-address.js";
import { readRegularText } from "../regular-file.js";

/** How this computer uses the hub. */
export interface HubSettings {
  /** Address of the hub or a mirror of it, without a slash at its end. */
  readonly endpoint: string;
  /** What private and gated repositories are opened with; `undefined` for none. */
  readonly token: string | undefined;
  /** Folder of the cache that all programs of the hub share. */
  readonly cache: string;
  /** Whether only what is in the cache is used. */
  readonly offline: boolean;
  /** Whether the cache is to hold copies in place of links. */
  readonly copies: boolean;
}

const hub = "https://huggingface.co";

/**
 * Reads the settings that people have made for the hub's own programs: `HF_ENDPOINT`, `HF_TOKEN` (formerly
 * `HUGGING_FACE_HUB_TOKEN`) or the file that a login leaves (`HF_TOKEN_PATH`), `HF_HUB_DISABLE_IMPLICIT_TOKEN`, `HF_HUB_CACHE` (formerly
 * `HUGGINGFACE_HUB_CACHE`), `HF_HOME`, `XDG_CACHE_HOME`, `HF_HUB_OFFLINE` or `TRANSFORMERS_OFFLINE`, `HF_HUB_DISABLE_SYMLINKS`.
 *
 * @throws UsageError for an `HF_ENDPOINT` that is no address
 * @throws FileError when the file with the token cannot be read
 * @see https://huggingface.co/docs/huggingface_hub/package_reference/environment_variables
 */
export async function hubSettings(env: NodeJS.ProcessEnv = process.env): Promise<HubSettings> {
  const home =
    folder(env, "HF_HOME") ?? join(folder(env, "XDG_CACHE_HOME") ?? join(homedir(), ".cache"), "huggingface");
  return {
    endpoint: endpointOf(variable(env, "HF_ENDPOINT")),
    token: await tokenOf(env, home),
    cache: folder(env, "HF_HUB_CACHE") ?? folder(env, "HUGGINGFACE_HUB_CACHE") ?? join(home, "hub"),
    offline: isTrue(variable(env, "HF_HUB_OFFLINE") ?? variable(env, "TRANSFORMERS_OFFLINE")),
    copies: isTrue(variable(env, "HF_HUB_DISABLE_SYMLINKS")),
  };
}

/** An empty variable is one that is not set. */
function variable(env: NodeJS.ProcessEnv, name: string): string | undefined {
  const value = env[name];
  return value === undefined || value === "" ? undefined : value;
}

function folder(env: NodeJS.ProcessEnv, name: string): string | undefined {
  const value = variable(env, name);
  return value === undefined ? undefined : resolve(value.replace(/^~(?=$|[\\/])/, homedir()));
}

function isTrue(value: string | undefined): boolean {
  return ["1", "on", "yes", "true"].includes(value?.toLowerCase() ?? "");
}

function endpointOf(given: string = hub): string {
  const endpoint = given.replace(/\/+$/, "");
  if (URL.canParse(endpoint) && /^https?:$/.test(new URL(endpoint).protocol)) {
    // The hashes that files are compared with come from there, too.
    if (!isOpenAddress(endpoint)) return endpoint;
    throw new UsageError("HF_ENDPOINT is not protected on the way.", {
      subject: "HF_ENDPOINT",
      expected: "an address that begins with https, or one of this computer",
      received: given,
      advice: "Whoever is on the way could send another network: name the mirror's address with https.",
    });
  }
  throw new UsageError("HF_ENDPOINT is no address.", {
    subject: "HF_ENDPOINT",
    expected: `an address such as ${hub}`,
    received: given,
    advice: "Set it anew, or take it away to use the hub itself.",
  });
}

async function tokenOf(env: NodeJS.ProcessEnv, home: string): Promise<string | undefined> {
  if (isTrue(variable(env, "HF_HUB_DISABLE_IMPLICIT_TOKEN"))) return undefined;
  const said = clean(env["HF_TOKEN"]) ?? clean(env["HUGGING_FACE_HUB_TOKEN"]);
  if (said !== undefined) return checked(said, "HF_TOKEN");
  const path = folder(env, "HF_TOKEN_PATH") ?? join(home, "token");
  try {
    const kept = clean(await readRegularText(path, { most: 2 ** 16 }));
    return kept === undefined ? undefined : checked(kept, path);
  } catch (cause) {
    if (["ENOENT", "ENOTDIR"].includes(errorCode(cause) ?? "")) return undefined;
    if (cause instanceof UsageError) throw cause;
    throw fileSystemError(cause, path, "read", "It holds the token for the hub: mend it, or set HF_TOKEN.");
  }
}

function clean(token: string | undefined): string | undefined {
  const trimmed = token?.trim();
  return trimmed === undefined || trimmed === "" ? undefined : trimmed;
}

/** A token must fit into a header; it is never told itself. */
function checked(token: string, source: string): string {
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new UsageError(`${source} holds no token for the hub.`, {
    subject: source,
    expected: "a token such as hf_…, of letters, digits and signs without spaces",
    received: "other characters",
    advice: "Copy the token anew from the settings of your account.",
  });
}

/**
 * What goes with a request: the token to the hub's own host alone, and only where nobody on the way can read it.
 *
 * @param url what is asked for
 */
export function hubHeaders({ endpoint, token }: HubSettings, url: string): Record<string, string> {
  const { origin } = new URL(url);
  return token !== undefined && !isOpenAddress(url) && origin === new URL(endpoint).origin
    ? { authorization: `Bearer ${token}` }
    : {};
}
