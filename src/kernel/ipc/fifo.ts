/** Opening pipes by name: FIFOs, and pipes through /proc/self/fd (fifo(7)). */
import { ENXIO, ERESTARTSYS } from "../abi/errno.ts";
import { O_ACCMODE, O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY } from "../abi/fcntl.ts";
import type { OpenFile } from "../fs/file.ts";
import type { Inode } from "../fs/inode.ts";
import type { Wait, Wake } from "../wait.ts";
import { Pipe, PipeFile } from "./pipe.ts";

/** The pipe behind a FIFO's inode; it lives as long as somebody has it open. */
function pipeOf(inode: Inode): Pipe {
  const { attachment } = inode;
  if (attachment instanceof Pipe) return attachment;
  const pipe = new Pipe();
  inode.attachment = pipe;
  return pipe;
}

/** A FIFO's end: with the last one goes what was not read. */
class FifoFile extends PipeFile {
  override release(): void {
    super.release();
    if (this.pipe.readers === 0 && this.pipe.writers === 0 && this.inode.attachment === this.pipe) {
      this.inode.attachment = undefined;
    }
  }
}

/**
 * Opens a FIFO. A reader waits for a writer and a writer for a reader, but O_NONBLOCK readers come in at once,
 * O_NONBLOCK writers get `-ENXIO` without a reader, and O_RDWR never waits.
 */
export function openFifo(inode: Inode, flags: number): OpenFile | number | Generator<Wait, OpenFile | number, Wake> {
  const pipe = pipeOf(inode), access = flags & O_ACCMODE;
  // An unnamed pipe opened anew through /proc/self/fd waits for nobody (fs/pipe.c: fifo_open).
  if (inode.sb.nameless) return new PipeFile(flags, inode, pipe);
  if (access === O_WRONLY && (flags & O_NONBLOCK) !== 0 && pipe.readers === 0) return -ENXIO;
  const file = new FifoFile(flags, inode, pipe);
  pipe.wait.wake();
  if (access === O_RDWR || (flags & O_NONBLOCK) !== 0) return file;
  if (access === O_RDONLY ? pipe.writers > 0 : pipe.readers > 0) return file;
  return waitForPartner(file, pipe, access === O_RDONLY);
}

function* waitForPartner(file: FifoFile, pipe: Pipe, reader: boolean): Generator<Wait, OpenFile | number, Wake> {
  // A partner that came and went again has been there: Linux compares counters of opens.
  const before = reader ? pipe.writerOpens : pipe.readerOpens;
  while ((reader ? pipe.writerOpens : pipe.readerOpens) === before) {
    if ((yield { queues: [pipe.wait] }) === "signal") {
      if ((reader ? pipe.writerOpens : pipe.readerOpens) !== before) break;
      file.unref();
      return -ERESTARTSYS;
    }
  }
  return file;
}
