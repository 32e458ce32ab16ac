/**
 * Writes a cache file as a whole or not at all: another process sees the whole file or none. False where there is no
 * right or no room, which is no error: what is not kept is made again.
 */
export function writeAside(path: string, file: Uint8Array): boolean {
  try {
    Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    const aside = `${path}.${Deno.pid}`;
    Deno.writeFileSync(aside, file);
    Deno.renameSync(aside, path);
    return true;
  } catch {
    return false;
  }
}
