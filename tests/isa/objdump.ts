/** GNU objdump for aarch64 as the oracle of the disassembler and of what is allocated. */

const OBJDUMP = "aarch64-linux-gnu-objdump";

/** One instruction of objdump's listing. */
export interface Listed {
  readonly pc: number;
  readonly word: number;
  readonly text: string;
}

/** Version line of the program, or undefined where it is missing. */
export function objdumpVersion(): string | undefined {
  try {
    const { stdout } = new Deno.Command(OBJDUMP, { args: ["--version"] }).outputSync();
    return new TextDecoder().decode(stdout).split("\n")[0];
  } catch {
    return undefined;
  }
}

/**
 * Takes away what is not the instruction: comments, symbols of addresses, and the prefix that addresses have only in
 * files without symbols.
 */
export function normalise(text: string): string {
  const bare = text.replace(/\s*\/\/.*$/, "").replace(/ <[^>]*>$/, "").trimEnd();
  return bare.replace(/^((?:b|bl|bc?\.[a-z]+|cbn?z|tbn?z|adrp?|ldr|ldrsw|prfm)\t(?:[^[]*, )?)0x([0-9a-f]+)$/, "$1$2");
}

/** The instructions of a listing, in its order. Data that objdump recognises as such is left out. */
export async function* listing(args: readonly string[]): AsyncGenerator<Listed> {
  const child = new Deno.Command(OBJDUMP, { args: [...args], stdin: "null", stdout: "piped", stderr: "inherit" })
    .spawn();
  let rest = "";
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop()!;
    for (const each of lines) {
      const match = /^ *([0-9a-f]+):\t([0-9a-f]{8}) \t(.*)$/.exec(each);
      if (match === null || match[3]!.startsWith(".word\t")) continue;
      yield { pc: parseInt(match[1]!, 16), word: parseInt(match[2]!, 16), text: normalise(match[3]!) };
    }
  }
  if (!(await child.status).success) throw new Error(`${OBJDUMP} ${args.join(" ")} failed`);
}

/** Disassembles words one after the other from address 0. */
export async function objdumpWords(words: readonly number[]): Promise<string[]> {
  const file = Deno.makeTempFileSync();
  try {
    const bytes = new DataView(new ArrayBuffer(4 * words.length));
    words.forEach((word, i) => bytes.setUint32(4 * i, word, true));
    Deno.writeFileSync(file, new Uint8Array(bytes.buffer));
    const texts: string[] = [];
    for await (const { text } of listing(["-D", "-z", "-b", "binary", "-m", "aarch64", file])) texts.push(text);
    return texts;
  } finally {
    Deno.removeSync(file);
  }
}
