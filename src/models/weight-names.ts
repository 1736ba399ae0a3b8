/**
 * Names that weights have in files of other generations, by Keras 3's name: Keras 1 and 2 and TensorFlow.js. All readers of
 * files use this table.
 */
const otherNames: Readonly<Record<string, readonly string[]>> = {
  kernel: ["depthwise_kernel", "W"],
  bias: ["b"],
  moving_mean: ["running_mean"],
  moving_variance: ["running_std", "running_variance", "moving_var"],
  alpha: ["alphas"],
};

/** All paths under which a file may have a weight, the likeliest first: `conv/kernel`, `conv/depthwise_kernel`. */
export function pathsInFiles(path: string): string[] {
  const cut = path.lastIndexOf("/") + 1;
  const [owner, name] = [path.slice(0, cut), path.slice(cut)];
  return [path, ...(otherNames[name] ?? []).map((other) => owner + other)];
}

/** The last two parts of a weight's path, which say whose it is and what: `conv/kernel`. */
export function endingOf(path: string): string {
  return path.replace(/:\d+$/, "").split("/").slice(-2).join("/");
}
