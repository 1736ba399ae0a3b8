import { DownloadError } from "../../errors/errors.js";
import { type HubReference, hubName } from "./reference.js";
import type { HubSettings } from "./settings.js";

/**
 * What it means that the hub refuses.
 *
 * @param response with a status of 400 or more
 * @param reference what was asked for
 * @param file path in the repository, where it was one
 * @see https://github.com/huggingface/huggingface_hub/blob/main/src/huggingface_hub/utils/_http.py for the codes
 */
export function refusal(
  response: Response,
  reference: HubReference,
  { endpoint, token }: HubSettings,
  file?: string,
): DownloadError {
  const { repository, revision } = reference;
  const { status, headers } = response;
  const code = headers.get("x-error-code") ?? "";
  const said = headers.get("x-error-message");
  const page = `${endpoint}/${repository}`;
  const received = `HTTP ${String(status)}${said === null ? "" : `: ${said.slice(0, 300).replace(/\.$/, "")}`}`;
  const error = (message: string, expected: string, advice: string): DownloadError =>
    new DownloadError(message, { subject: hubName(reference), expected, received, advice });
  if (code === "GatedRepo") {
    return error(
      `${repository} is given only to those who accept its licence.`,
      "an account that has accepted it",
      `Accept it on ${page}, then set HF_TOKEN to a token of that account.`,
    );
  }
  if (code === "RevisionNotFound") {
    return error(
      `${repository} has no revision "${revision}".`,
      "a branch, a tag, refs/pr/3 or the whole hash of a commit",
      `${page}/commits lists them.`,
    );
  }
  if (code === "EntryNotFound") {
    return error(
      `${repository} has no ${file === undefined ? "such file" : `file ${file}`}.`,
      `a file of the revision ${revision}`,
      `${page}/tree/${encodeURIComponent(revision)} lists them.`,
    );
  }
  if (code === "DisabledRepo") return error(`${repository} has been disabled.`, "a repository", `See ${page}.`);
  // Without a token the hub does not say whether a repository is private or not there at all.
  if (code === "RepoNotFound" || (status === 404 && code === "")) {
    return error(
      `There is no repository ${repository} on the hub, or it is private.`,
      `a repository at ${page}`,
      token === undefined
        ? "Check its name; for a private one, set HF_TOKEN to a token that may read it."
        : "Check its name, and that the token in HF_TOKEN may read it.",
    );
  }
  if (status === 401) {
    return error(
      `The hub does not let ${repository} be read.`,
      token === undefined ? "a token" : "a token that is valid",
      token === undefined
        ? "Set HF_TOKEN to a token that may read it."
        : "Renew the token in HF_TOKEN, or take it away: it may have run out.",
    );
  }
  if (status === 403) {
    return error(
      `The hub does not let ${repository} be read.`,
      "an account that may read it",
      `See ${page}: a licence may have to be accepted there. Then set HF_TOKEN to a token of that account that may read it.`,
    );
  }
  return error(`${repository} cannot be fetched.`, `an answer of ${endpoint}`, `Try again later, or see ${page}.`);
}
