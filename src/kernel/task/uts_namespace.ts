/** What machine a program thinks it is on (uts_namespaces(7)). */
import type { UserNamespace } from "./user_namespace.ts";

/** Number of the first one (linux/proc_ns.h: PROC_UTS_INIT_INO); others follow those that Linux starts with. */
const INITIAL_INO = 0xeffffffe, FIRST_INO = 0xf0010000;

export class UtsNamespace {
  static #lastIno = FIRST_INO;
  readonly ino: number;

  /**
   * @param hostname a byte string
   * @param domainname a byte string
   * @param owner whose capabilities count; undefined: the initial user namespace
   */
  constructor(public hostname: string, public domainname: string, readonly owner: UserNamespace | undefined) {
    this.ino = owner === undefined ? INITIAL_INO : UtsNamespace.#lastIno++;
  }

  /** CLONE_NEWUTS */
  copy(owner: UserNamespace): UtsNamespace {
    return new UtsNamespace(this.hostname, this.domainname, owner);
  }
}
