/** `monitor COMMAND` (`qRcmd`): what this side knows beyond the protocol. */
import { describePath } from "../../kernel/fs/path.ts";
import type { Task } from "../../kernel/task/task.ts";
import { type Command, type CommandTable, ERROR } from "./commands.ts";
import { hexToText, textToHex } from "./hex.ts";
import type { Session } from "./session.ts";

interface Monitor {
  readonly help: string;
  /** Returns lines for the user. */
  run(session: Session, task: Task | undefined, args: readonly string[]): string | Promise<string>;
}

const noThread = "no program is being debugged\n";

const STATES = { runnable: "R", blocked: "S", stopped: "T", dead: "Z" } as const;

const MONITORS: Readonly<Record<string, Monitor>> = {
  help: {
    help: "this list",
    run: () => Object.entries(MONITORS).map(([name, { help }]) => `${name.padEnd(14)} ${help}\n`).join(""),
  },
  maps: {
    help: "memory mappings, as /proc/PID/maps",
    run: (_, task) => task ? task.mm.mapsText() : noThread,
  },
  ps: {
    help: "processes and threads of the guest; * are being debugged",
    run: ({ kernel, tracees }) => {
      let text = "    PID   PPID    TID S COMMAND\n";
      for (const process of kernel.processes.values()) {
        const mark = tracees.traces(process) ? "*" : " ";
        for (const task of process.threads.size > 0 ? process.threads : [process.leader]) {
          const ids = [process.pid, process.ppid, task.tid].map((id) => String(id).padStart(6)).join(" ");
          text += `${mark}${ids} ${process.zombie ? "Z" : task.held ? "t" : STATES[task.state]} ${task.name}\n`;
        }
      }
      return text;
    },
  },
  fds: {
    help: "open descriptors",
    run: (_, task) => {
      if (!task) return noThread;
      let text = "";
      for (const [fd, file] of task.files.descriptors()) {
        const name = file.path ? describePath(file.path, task.fs.root) : "(no name)";
        text += `${String(fd).padStart(4)} ${file.readable ? "r" : "-"}${file.writable ? "w" : "-"} ${name}\n`;
      }
      return text;
    },
  },
  trace: {
    help: "on|off: show system calls on stderr, as elftap run -v",
    run: async ({ host }, _, [state]) => {
      if (state !== "on" && state !== "off") return "monitor trace on|off\n";
      await host.setTrace(state === "on");
      return `system calls are ${state === "on" ? "" : "not "}shown\n`;
    },
  },
  stats: {
    help: "what the guest has used so far",
    run: ({ kernel }, task) => {
      const used = (name: string, value: string | number) => `${name.padEnd(14)} ${value}\n`;
      return used("instructions", kernel.instructions) +
        used("processes", [...kernel.processes.values()].filter(({ zombie }) => !zombie).length) +
        used("threads", [...kernel.tasks.values()].filter(({ state }) => state !== "dead").length) +
        (task
          ? used("resident", `${task.mm.residentSize / 1024} KiB`) + used("mapped", `${task.mm.virtualSize / 1024} KiB`)
          : "");
    },
  },
};

const monitor: Command = (session, packet) => {
  const line = hexToText(packet.slice("qRcmd,".length));
  if (line === undefined) return ERROR.malformed;
  const [name = "help", ...args] = line.trim().split(/\s+/).filter(Boolean);
  const found = Object.hasOwn(MONITORS, name) ? MONITORS[name] : undefined;
  const answer = (text: string) => {
    // In pieces that fit a packet.
    for (let at = 0; at < text.length; at += 16384) session.reply("O" + textToHex(text.slice(at, at + 16384)));
    session.reply("OK");
  };
  if (!found) {
    answer(`no command ${name}; monitor help lists them\n`);
    return undefined;
  }
  const text = found.run(session, session.current(), args);
  if (typeof text === "string") answer(text);
  else void text.then(answer);
  return undefined;
};

export const monitorCommands: CommandTable = { "qRcmd,": monitor };
