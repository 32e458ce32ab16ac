/** Asynchronous I/O of the kernel (io_submit(2), linux/aio_abi.h): struct iocb and struct io_event. */

export const IOCB_SIZE = 64, IO_EVENT_SIZE = 32;
export const IOCB_CMD_PREAD = 0, IOCB_CMD_PWRITE = 1, IOCB_CMD_FSYNC = 2, IOCB_CMD_FDSYNC = 3, IOCB_CMD_POLL = 5;
export const IOCB_CMD_NOOP = 6, IOCB_CMD_PREADV = 7, IOCB_CMD_PWRITEV = 8;
export const IOCB_FLAG_RESFD = 1, IOCB_FLAG_IOPRIO = 2;

export interface Iocb {
  readonly data: bigint;
  readonly rwFlags: number;
  readonly opcode: number;
  readonly fd: number;
  readonly buf: number;
  readonly nbytes: number;
  readonly offset: number;
  readonly flags: number;
  /** The eventfd to tell, with IOCB_FLAG_RESFD. */
  readonly resultFd: number;
  /** Fields that must be zero are. */
  readonly valid: boolean;
}

export function decodeIocb(bytes: Uint8Array): Iocb {
  const view = new DataView(bytes.buffer, bytes.byteOffset, IOCB_SIZE);
  return {
    data: view.getBigUint64(0, true),
    rwFlags: view.getUint32(12, true),
    opcode: view.getUint16(16, true),
    fd: view.getUint32(20, true),
    buf: Number(view.getBigUint64(24, true)),
    nbytes: Number(view.getBigUint64(32, true)),
    offset: Number(view.getBigInt64(40, true)),
    flags: view.getUint32(56, true),
    resultFd: view.getInt32(60, true),
    valid: view.getBigUint64(48, true) === 0n,
  };
}

/** @param iocb address of the control block */
export function encodeIoEvent(data: bigint, iocb: number, result: number): Uint8Array {
  const bytes = new Uint8Array(IO_EVENT_SIZE), view = new DataView(bytes.buffer);
  view.setBigUint64(0, data, true);
  view.setBigUint64(8, BigInt(iocb), true);
  view.setBigInt64(16, BigInt(result), true);
  return bytes;
}
