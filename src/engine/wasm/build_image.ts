/** Generates the interpreter in this process: for tests, and where nothing is cached. */
import { rows } from "../../isa/a64/table.ts";
import type { InterpreterImage } from "./image.ts";
import { generateInterpreter } from "./interpreter/generate.ts";

/** Generates and compiles the interpreter for all rows. */
export function buildInterpreter(): InterpreterImage {
  const { bytes, tables } = generateInterpreter(rows);
  return { module: new WebAssembly.Module(bytes), tables };
}
