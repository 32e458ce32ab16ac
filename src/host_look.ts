/** `Deno.lstatSync` for those who mostly look in vain: where an error arose takes longer to find out than looking does. */
export function lookAt(path: string): Deno.FileInfo {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return Deno.lstatSync(path);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}
