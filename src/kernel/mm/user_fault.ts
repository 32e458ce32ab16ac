/**
 * The error that guest memory accessors throw when a system call was given an address the guest may not access.
 * The dispatcher turns it into -EFAULT.
 */

/** A system call's access to guest memory was refused. */
export class UserFault extends Error {
  override readonly name = "UserFault";

  /** @param address first guest byte that could not be accessed. */
  constructor(readonly address: number) {
    super("guest memory not accessible");
  }
}
