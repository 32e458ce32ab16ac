/** Generates the interpreter in this process: for tests, and where nothing is cached. */
import { rows } from "../../isa/a64/table.ts";
import type { InterpreterImage } from "./image_file.ts";
import { generateInterpreter, type Interpreter } from "./interpreter/generate.ts";

/** Generates the interpreter for all rows. */
export function generateFromRows(): Interpreter {
  return generateInterpreter(rows);
}

/** Generates and compiles it. */
export function buildInterpreter(): InterpreterImage {
  const { bytes, tables } = generateFromRows();
  return { module: new WebAssembly.Module(bytes), tables };
}
