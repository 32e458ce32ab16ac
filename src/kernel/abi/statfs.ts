/** struct statfs of a 64-bit ABI, file system magics and ST_* flags (statfs(2)). */

export const TMPFS_MAGIC = 0x01021994,
  PROC_SUPER_MAGIC = 0x9fa0,
  SYSFS_MAGIC = 0x62656572,
  OVERLAYFS_MAGIC = 0x794c7630;
export const DEVPTS_SUPER_MAGIC = 0x1cd1, PIPEFS_MAGIC = 0x50495045, SOCKFS_MAGIC = 0x534f434b, EXT4_MAGIC = 0xef53;
export const ANON_INODE_FS_MAGIC = 0x09041934, MQUEUE_MAGIC = 0x19800202, NSFS_MAGIC = 0x6e736673;

export const ST_RDONLY = 1, ST_NOSUID = 2, ST_NODEV = 4, ST_NOEXEC = 8, ST_VALID = 0x20, ST_NOATIME = 1024;
export const ST_NODIRATIME = 2048, ST_RELATIME = 4096;

/** What statfs(2) reports; blocks in units of bsize. */
export interface StatFs {
  readonly type: number;
  readonly bsize: number;
  readonly blocks: number;
  readonly bfree: number;
  readonly bavail: number;
  readonly files: number;
  readonly ffree: number;
  readonly namelen: number;
}

export const STATFS_SIZE = 120;

export function encodeStatFs(stat: StatFs, dev: number, flags: number): Uint8Array {
  const bytes = new Uint8Array(STATFS_SIZE);
  const view = new DataView(bytes.buffer);
  const longs = [stat.type, stat.bsize, stat.blocks, stat.bfree, stat.bavail, stat.files, stat.ffree, dev];
  longs.push(stat.namelen, stat.bsize, flags | ST_VALID);
  longs.forEach((value, i) => view.setBigUint64(i * 8, BigInt(value), true));
  return bytes;
}
