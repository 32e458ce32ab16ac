/** What the three kinds of System V IPC share: keys, ids, owners and rights (sysvipc(7), kernel ipc/util.c). */
import { EACCES, EEXIST, EINVAL, ENOENT, ENOSPC } from "../abi/errno.ts";
import { IPC_CREAT, IPC_EXCL, IPC_PERM, IPC_PRIVATE } from "../abi/ipc.ts";
import type { Credentials } from "../task/credentials.ts";

/** Ids are the index in the table and, above it, a count of its reuses. */
const INDEX_BITS = 15, INDEX_LIMIT = 1 << INDEX_BITS;

/** Whose rights count, and whether they are needed at all (CAP_IPC_OWNER). */
export interface IpcActor {
  readonly credentials: Credentials;
  readonly mayAll: boolean;
}

/** One object: owner, creator and mode. */
export abstract class IpcObject {
  id = 0;
  sequence = 0;
  removed = false;
  uid: number;
  gid: number;
  readonly cuid: number;
  readonly cgid: number;

  /** @param mode permission bits */
  constructor(public key: number, public mode: number, creator: Credentials) {
    this.uid = this.cuid = creator.euid;
    this.gid = this.cgid = creator.egid;
  }

  /** 0, or `-EACCES` if some of the rights in `wanted` (as in a mode, any of the three groups) are missing. */
  access(actor: IpcActor, wanted: number): number {
    const { euid, egid, groups } = actor.credentials;
    const asked = (wanted >> 6) | (wanted >> 3) | wanted;
    let granted = this.mode;
    if (euid === this.cuid || euid === this.uid) granted >>= 6;
    else if ([egid, ...groups].some((gid) => gid === this.cgid || gid === this.gid)) granted >>= 3;
    return (asked & ~granted & 7) !== 0 && !actor.mayAll ? -EACCES : 0;
  }

  /** IPC_SET and IPC_RMID are for the owner and the creator. */
  isOwner(actor: IpcActor): boolean {
    const { euid } = actor.credentials;
    return euid === this.uid || euid === this.cuid || actor.mayAll;
  }

  /** Writes struct ipc64_perm at the start of a structure. */
  encodePerm(view: DataView, mode: number = this.mode): void {
    view.setInt32(IPC_PERM.key, this.key, true);
    view.setUint32(IPC_PERM.uid, this.uid, true);
    view.setUint32(IPC_PERM.gid, this.gid, true);
    view.setUint32(IPC_PERM.cuid, this.cuid, true);
    view.setUint32(IPC_PERM.cgid, this.cgid, true);
    view.setUint32(IPC_PERM.mode, mode, true);
    view.setUint16(IPC_PERM.seq, this.sequence, true);
  }

  /** IPC_SET: owner and permission bits from a structure. */
  decodePerm(view: DataView): void {
    this.uid = view.getUint32(IPC_PERM.uid, true);
    this.gid = view.getUint32(IPC_PERM.gid, true);
    this.mode = (this.mode & ~0o777) | (view.getUint32(IPC_PERM.mode, true) & 0o777);
  }
}

/** All objects of one kind. */
export class IpcRegistry<T extends IpcObject> {
  readonly #slots: (T | undefined)[] = [];
  readonly #sequences: number[] = [];
  readonly #keys = new Map<number, T>();

  /** @param limit how many there may be (SEMMNI and its like) */
  constructor(readonly limit: number) {}

  *all(): Generator<T> {
    for (const object of this.#slots) if (object !== undefined) yield object;
  }
  get count(): number {
    let count = 0;
    for (const object of this.#slots) if (object !== undefined) count++;
    return count;
  }
  /** Highest index in use, 0 if there is none: what *_INFO calls return. */
  get highest(): number {
    return Math.max(0, this.#slots.length - 1);
  }

  /**
   * semget, msgget, shmget: the id of the object of this key.
   *
   * @param make a new object, or a negative errno
   * @param check whether an existing one fits the request
   */
  get(
    key: number,
    flags: number,
    actor: IpcActor,
    make: () => T | number,
    check: (object: T) => number = () => 0,
  ): number {
    const existing = key === IPC_PRIVATE ? undefined : this.#keys.get(key);
    if (existing !== undefined) {
      if ((flags & IPC_CREAT) !== 0 && (flags & IPC_EXCL) !== 0) return -EEXIST;
      return check(existing) || existing.access(actor, flags & 0o777) || existing.id;
    }
    if (key !== IPC_PRIVATE && (flags & IPC_CREAT) === 0) return -ENOENT;
    if (this.count >= this.limit) return -ENOSPC;
    const made = make();
    if (typeof made === "number") return made;
    let index = this.#slots.findIndex((slot) => slot === undefined);
    if (index < 0) index = this.#slots.length;
    if (index >= INDEX_LIMIT) return -ENOSPC;
    made.sequence = this.#sequences[index] ?? 0;
    this.#sequences[index] = (made.sequence + 1) & 0xffff;
    made.id = made.sequence * INDEX_LIMIT + index;
    this.#slots[index] = made;
    if (key !== IPC_PRIVATE) this.#keys.set(key, made);
    return made.id;
  }

  /** The object of an id, or `-EINVAL`. */
  find(id: number): T | number {
    const object = id < 0 ? undefined : this.#slots[id & (INDEX_LIMIT - 1)];
    return object !== undefined && object.id === id ? object : -EINVAL;
  }

  /** The object at an index; of an id, its index counts (ipc/util.c: ipc_obtain_object_idr). */
  at(index: number): T | number {
    return this.#slots[index & (INDEX_LIMIT - 1)] ?? -EINVAL;
  }

  /** Takes the key away: nobody finds the object by it any more. */
  forgetKey(object: T): void {
    if (this.#keys.get(object.key) === object) this.#keys.delete(object.key);
    object.key = IPC_PRIVATE;
  }

  remove(object: T): void {
    this.forgetKey(object);
    object.removed = true;
    const index = object.id & (INDEX_LIMIT - 1);
    if (this.#slots[index] !== object) return;
    this.#slots[index] = undefined;
    while (this.#slots.length > 0 && this.#slots.at(-1) === undefined) this.#slots.pop();
  }
}
