/** Compilers as child processes. */

/** Runs a command; its messages are the user's to see. */
export async function sh(command: readonly string[]): Promise<void> {
  const [program, ...args] = command;
  let success;
  try {
    ({ success } = await new Deno.Command(program!, { args, stdin: "null" }).spawn().status);
  } catch (error) {
    throw new Error(`${program} cannot be run: ${(error as Error).message}`);
  }
  if (!success) throw new Error(`${program} failed`);
}
