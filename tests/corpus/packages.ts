/**
 * Packages of rows that the corpus's own list lacks: what the recording machine had beyond it (programs that rows
 * start, and what gcc links with).
 */
export const EXTRA_PACKAGES: readonly string[] = ["gron", "libc6-dev", "mksh", "php-cli", "sbcl"];

/** Names that package scripts would make (update-alternatives), as [link in /usr/bin, target]. */
export const EXTRA_LINKS: readonly (readonly [name: string, target: string])[] = [["php", "php8.2"]];
