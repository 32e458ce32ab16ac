/** Errors of Deno's file functions as errnos for the guest. */
import {
  EACCES,
  EAGAIN,
  EBUSY,
  EEXIST,
  EFBIG,
  EINVAL,
  EIO,
  EISDIR,
  ELOOP,
  EMFILE,
  EMLINK,
  ENAMETOOLONG,
  ENOENT,
  ENOSPC,
  ENOTDIR,
  ENOTEMPTY,
  EPERM,
  EROFS,
  EXDEV,
} from "../abi/errno.ts";

const BY_CODE: ReadonlyMap<string, number> = new Map(Object.entries({
  EACCES,
  EAGAIN,
  EBUSY,
  EEXIST,
  EFBIG,
  EINVAL,
  EISDIR,
  ELOOP,
  EMFILE,
  EMLINK,
  ENAMETOOLONG,
  ENOENT,
  ENOSPC,
  ENOTDIR,
  ENOTEMPTY,
  EPERM,
  EROFS,
  EXDEV,
}));

/** Up to EPIPE Unix systems agree, but for EAGAIN. */
const COMMON_ERRNOS = 32;

/**
 * The negative errno of a failed host call. A permission that Deno withholds is -EACCES: to the guest the sandbox
 * looks like file rights. Anything that is no host error is a bug and goes on.
 */
export function hostErrno(error: unknown): number {
  if (error instanceof Deno.errors.NotFound) return -ENOENT;
  if (error instanceof Deno.errors.NotCapable) return -EACCES;
  const code = (error as { code?: unknown }).code;
  const known = typeof code === "string" ? BY_CODE.get(code) : undefined;
  if (known !== undefined) return -known;
  if (error instanceof Deno.errors.PermissionDenied) return -EACCES;
  if (error instanceof Deno.errors.AlreadyExists) return -EEXIST;
  if (error instanceof Deno.errors.NotADirectory) return -ENOTDIR;
  if (error instanceof Deno.errors.IsADirectory) return -EISDIR;
  if (error instanceof Deno.errors.FilesystemLoop) return -ELOOP;
  if (error instanceof Deno.errors.Busy) return -EBUSY;
  if (typeof code === "string" || error instanceof Deno.errors.UnexpectedEof) return -EIO;
  if (error instanceof Error && error.name !== "Error" && error.name in Deno.errors) return -EIO;
  const told = error instanceof Error ? /\(os error (\d+)\)$/.exec(error.message) : null;
  if (told) return -guestErrno(Number(told[1]));
  throw error;
}

/** The guest's number for the host's, which Deno tells in words alone: the oldest ones are the same everywhere. */
function guestErrno(host: number): number {
  return host > 0 && host <= COMMON_ERRNOS && host !== EAGAIN || Deno.build.os === "linux" ? host : EIO;
}
