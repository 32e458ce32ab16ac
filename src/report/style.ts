/**
 * Colours of a terminal (ECMA-48 SGR).
 */

const CODES = { red: "31", green: "32", yellow: "33", dim: "2", bold: "1" } as const;

/** A colour or weight. */
export type Color = keyof typeof CODES;

/** Colours a text, where wanted. */
export function paint(text: string, color: Color, wanted: boolean): string {
  return wanted && text !== "" ? `\x1b[${CODES[color]}m${text}\x1b[0m` : text;
}
