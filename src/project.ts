/** Where elftap itself lies. */

/**
 * The folder with `src/` and `dist/` in it. Code that refers to a file of the project starts here: its own place is
 * another one when it is bundled. This module's is not: bundles lie as deep in `dist/` as it does in `src/`.
 */
export const PROJECT: URL = new URL("../", import.meta.url);

/** The host path of a file of the project, where the project is a folder. Not with node:url: loading it takes 6 ms. */
export function projectPath(file: string): string {
  return decodeURIComponent(new URL(file, PROJECT).pathname);
}
