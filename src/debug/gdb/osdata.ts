/** `qXfer:osdata`: tables about the guest's system (GDB manual, "Operating System Information"). */
import type { Kernel } from "../../kernel/kernel.ts";
import { xmlText } from "./xml.ts";

type Row = Readonly<Record<string, string | number>>;

/** Title, what it is about, and its rows. */
interface Table {
  readonly title: string;
  readonly about: string;
  rows(kernel: Kernel): Row[];
}

const TABLES: Readonly<Record<string, Table>> = {
  processes: {
    title: "Processes",
    about: "All processes of the guest",
    rows: ({ processes }) =>
      [...processes.values()].map((process) => ({
        pid: process.pid,
        user: process.leader.credentials.uid,
        command: process.leader.name,
        cores: "0",
      })),
  },
  threads: {
    title: "Threads",
    about: "All threads of the guest",
    rows: ({ tasks }) =>
      [...tasks.values()].filter(({ state }) => state !== "dead").map((task) => ({
        pid: task.process.pid,
        command: task.name,
        tid: task.tid,
        core: 0,
      })),
  },
};

/** The document; undefined for a table there is not. Without a name: the list of tables. */
export function osdataXml(kernel: Kernel, annex: string): string | undefined {
  if (annex === "") {
    const rows = Object.entries(TABLES).map(([name, { title, about }]) => ({
      Type: name,
      Description: about,
      Title: title,
    }));
    return document("types", rows);
  }
  return Object.hasOwn(TABLES, annex) ? document(annex, TABLES[annex]!.rows(kernel)) : undefined;
}

function document(type: string, rows: readonly Row[]): string {
  const items = rows.map((row) =>
    "<item>" +
    Object.entries(row).map(([name, value]) => `<column name="${name}">${xmlText(String(value))}</column>`).join("") +
    "</item>\n"
  );
  return `<?xml version="1.0"?>\n<osdata type="${type}">\n${items.join("")}</osdata>\n`;
}
