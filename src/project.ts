/** Where elftap itself lies. */

/**
 * The folder with `src/` and `dist/` in it. Code that refers to a file of the project starts here: its own place is
 * another one when it is bundled. This module's is not: bundles lie as deep in `dist/` as it does in `src/`.
 */
export const PROJECT: URL = new URL("../", import.meta.url);
