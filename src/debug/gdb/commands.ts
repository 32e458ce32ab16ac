/** The packets that are understood, by what they begin with. Any other gets the empty reply: not supported. */
import { dataCommands } from "./data.ts";
import { fileCommands } from "./vfile.ts";
import { lldbCommands } from "./lldb.ts";
import { monitorCommands } from "./monitor.ts";
import { queryCommands } from "./queries.ts";
import { runCommands } from "./run_control.ts";
import type { Session } from "./session.ts";
import { settingCommands } from "./settings.ts";
import { tlsCommands } from "./tls.ts";
import { transferCommands } from "./transfer.ts";

/** Serves a packet. Returns the reply; undefined where it comes later, or never. */
export type Command = (session: Session, packet: string) => string | undefined;

/** Beginnings of packets; the longest that fits counts. */
export type CommandTable = Readonly<Record<string, Command>>;

const TABLE: CommandTable = {
  ...dataCommands,
  ...fileCommands,
  ...lldbCommands,
  ...monitorCommands,
  ...queryCommands,
  ...runCommands,
  ...settingCommands,
  ...tlsCommands,
  ...transferCommands,
};
const PREFIXES = Object.keys(TABLE).sort((a, b) => b.length - a.length);

const unsupported: Command = () => "";

/** Who serves a packet. */
export function commandFor(packet: string): Command {
  const prefix = PREFIXES.find((each) => packet.startsWith(each));
  return prefix === undefined ? unsupported : TABLE[prefix]!;
}

/** Replies for malformed packets and for what cannot be done (GDB manual, "Standard Replies"). */
export const ERROR = { malformed: "E01", noThread: "E03", unreadable: "E0e", refused: "E16" } as const;
