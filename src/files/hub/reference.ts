import { UsageError } from "../../errors/errors.js";

/** What a name such as `hf:owner/name@revision:path/file.onnx` means. */
export interface HubReference {
  /** `owner/name`. */
  readonly repository: string;
  /** Branch, tag, `refs/pr/3` or hash of a commit. */
  readonly revision: string;
  /** Path in the repository, with `/` between folders; `undefined` leaves the choice to Graft. */
  readonly file: string | undefined;
}

/** What all names of networks on the hub begin with. */
export const hubPrefix = "hf:";

/** Whether a name is meant to be one of a network on the hub. */
export function isHubName(name: string): boolean {
  return name.toLowerCase().startsWith(hubPrefix);
}

/** The branch that is taken where none is named. */
export const mainRevision = "main";

/**
 * Reads the name of a network on the hub.
 *
 * @param name `hf:owner/name[@revision][:path/file.onnx]`
 * @throws UsageError when it is not of this form, with names as the hub and Git allow them
 */
export function parseHubName(name: string): HubReference {
  const [, repository = "", revision, file] = /^hf:([^@:]*)(?:@([^:]*))?(?::(.*))?$/is.exec(name) ?? [];
  return hubReference({ repository, revision, file }, name);
}

/**
 * Checks the parts of a reference.
 *
 * @param said what the user gave, for messages
 * @throws UsageError for a part that neither the hub nor Git would allow
 */
export function hubReference(
  {
    repository,
    revision = mainRevision,
    file,
  }: { readonly repository: string; readonly revision?: string | undefined; readonly file?: string | undefined },
  said: string = hubName({ repository, revision, file }),
): HubReference {
  const wrong = (part: string, expected: string): UsageError =>
    new UsageError(`"${said}" is no name of a network on the hub: ${part}.`, {
      subject: "network",
      expected,
      received: said,
      advice: "The name of a repository stands at the top of its page, beside a button that copies it.",
    });
  if (!isRepository(repository)) {
    throw wrong(
      repository === "" ? "it names no repository" : `"${repository}" names no repository`,
      "hf:owner/name, perhaps with @revision and :path/file.onnx behind it",
    );
  }
  if (!isRevision(revision)) {
    throw wrong(`"${revision}" is no revision`, "a branch, a tag, refs/pr/3 or the hash of a commit behind the @");
  }
  if (file !== undefined && !isPathInside(file)) {
    throw wrong(`"${file}" is no path in a repository`, "a path such as onnx/model.onnx behind the colon");
  }
  return { repository, revision, file };
}

/** The name that means a reference; the main branch is left out. */
export function hubName({ repository, revision, file }: HubReference): string {
  const at = revision === mainRevision ? "" : `@${revision}`;
  return `${hubPrefix}${repository}${at}${file === undefined ? "" : `:${file}`}`;
}

/** Whether a revision is the hash of a commit, which never means anything else later on. */
export function isCommit(revision: string): boolean {
  return /^[0-9a-f]{40}$/.test(revision);
}

/** `owner/name`, each as the hub allows it; folders of the cache join them by `--`, so none may hold that. */
function isRepository(repository: string): boolean {
  const parts = repository.split("/");
  return (
    parts.length === 2 &&
    parts.every((part) => /^\w(?:[\w.-]{0,94}\w)?$/.test(part) && !/--|\.\./.test(part)) &&
    !repository.endsWith(".git")
  );
}

/** @see https://git-scm.com/docs/git-check-ref-format */
function isRevision(revision: string): boolean {
  return (
    revision.length <= 255 &&
    revision !== "@" &&
    // eslint-disable-next-line no-control-regex
    !/[\x00-\x20\x7f~^:?*[\\]|\.\.|@\{/.test(revision) &&
    revision.split("/").every((part) => part !== "" && !/^\.|\.$|\.lock$/.test(part))
  );
}

/**
 * Whether a path stays inside the folder that it is relative to, on any system: repositories belong to strangers.
 *
 * @param path with `/` between folders
 */
export function isPathInside(path: string): boolean {
  // eslint-disable-next-line no-control-regex
  if (path.length > 1024 || /[\x00-\x1f\x7f\\]/.test(path)) return false;
  return path.split("/").every((part) => part !== "" && part !== "." && part !== ".." && !/^[a-z]:/i.test(part));
}
