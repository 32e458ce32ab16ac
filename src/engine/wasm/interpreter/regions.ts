/** The border between interpreted and translated code: ways in, and what stands for regions that are not there. */
import {
  BLOCKS,
  Code as Exit,
  Cpu,
  FixedHandler,
  GUEST_LIMIT,
  JUMP_ENTRIES,
  JUMPS,
  REGION_STACK,
  RegionRecord,
  Resume,
  TALLY,
} from "../layout.ts";
import { Code, Module, Op, VOID } from "../module.ts";
import { ENGINE, FUEL, GUEST, HANDLER, IP, pcOf, REGION, REGIONS, type Runtime } from "./runtime.ts";

/** Enters translated code, and goes on where it ended. */
export function regionHandler(runtime: Runtime): Code {
  const code = new Code(HANDLER[0].length);
  const pc = code.local("i64"), to = code.local("i64"), fuel = code.local("i32");
  pcOf(code, IP);
  code.set(pc);
  // Not wanted, or a block shared with a process that has this page elsewhere: interpret.
  code.i32(0);
  code.memory("i32.load", ENGINE, Cpu.interpretOnly);
  code.get(IP);
  code.memory("i32.load", ENGINE, RegionRecord.root);
  code.get(pc);
  code.i64(2n);
  code.opcode(0x88);
  code.opcode(0xa7);
  code.opcode(0x47); // i32.ne
  code.opcode(0x72); // i32.or
  code.byte(Op.if);
  code.byte(VOID);
  code.get(pc);
  code.get(FUEL);
  code.op1(Op.return_call, runtime.jumpPlain);
  code.byte(Op.end);
  code.get(pc);
  code.get(FUEL);
  code.i32(REGION_STACK);
  code.get(IP);
  code.memory("i32.load", ENGINE, RegionRecord.slot);
  code.op1(Op.call_indirect, runtime.regionType);
  code.u(REGIONS);
  code.set(fuel);
  code.set(to);
  code.i32(0);
  code.i32(0);
  code.memory("i64.load", ENGINE, TALLY);
  code.get(FUEL);
  code.get(fuel);
  code.opcode(0x6b);
  code.opcode(0xac); // i64.extend_i32_s
  code.opcode(0x7c);
  code.memory("i64.store", ENGINE, TALLY);
  code.op1(Op.call, runtime.settleFlags);
  code.get(to);
  code.opcode(0xa7);
  code.i32(3);
  code.opcode(0x71);
  code.i32(Resume.misaligned);
  code.opcode(0x46); // i32.eq
  code.byte(Op.if);
  code.byte(VOID);
  code.i32(0);
  code.memory("i64.load", ENGINE, Cpu.pc);
  code.get(fuel);
  code.op1(Op.return_call, runtime.jump);
  code.byte(Op.end);
  code.get(to);
  code.opcode(0xa7);
  code.i32(Resume.interpret);
  code.opcode(0x71);
  code.byte(Op.if);
  code.byte(VOID);
  code.get(to);
  code.i64(-4n);
  code.opcode(0x83);
  code.get(fuel);
  code.op1(Op.return_call, runtime.jumpPlain);
  code.byte(Op.end);
  code.get(to);
  code.get(pc);
  code.i64(BigInt(Resume.absent));
  code.opcode(0x84); // i64.or
  code.opcode(0x51); // i64.eq
  code.byte(Op.if);
  code.byte(VOID);
  code.get(IP);
  code.get(FUEL);
  code.i64(0n);
  code.i32(0);
  code.i32(Exit.absent);
  code.op1(Op.return_call, runtime.exit);
  code.byte(Op.end);
  code.get(to);
  code.i64(-4n);
  code.opcode(0x83);
  code.get(fuel);
  code.op1(Op.return_call, runtime.jump);
  return code;
}

/** Turns the low half of an address on the stack into the place of its entry among {@link JUMPS}. */
export function jumpEntry(code: Code): void {
  code.i32(1);
  code.opcode(0x74); // i32.shl: eight bytes an entry, four bytes an instruction
  code.i32(8 * (JUMP_ENTRIES - 1));
  code.opcode(0x71);
}

/** What translated code calls instead of a region: the stub of absent ones, and calls to computed addresses. Returns the stub. */
export function defineRegionCalls(module: Module, runtime: Runtime): number {
  // absent(root, fuel, depth): stands for regions that are not there.
  const absent = module.declare(...REGION);
  const stub = new Code(3);
  stub.get(0);
  stub.i64(BigInt(Resume.absent));
  stub.opcode(0x84);
  stub.get(1);
  module.define(absent, stub);
  module.exportFunction("absent", absent);

  // callTo(target, fuel, depth): into the region at a computed address, if there is one. A misaligned one goes by way of
  // the register file, as its low bits would be taken for Resume bits.
  const callTo = module.declare(...REGION);
  const code = new Code(3);
  const block = code.local("i32");
  const giveUp = () => {
    code.byte(Op.if);
    code.byte(VOID);
    code.get(0);
    code.get(1);
    code.byte(Op.return);
    code.byte(Op.end);
  };
  code.get(0);
  code.opcode(0xa7);
  code.i32(3);
  code.opcode(0x71);
  code.byte(Op.if);
  code.byte(VOID);
  code.i32(0);
  code.get(0);
  code.memory("i64.store", ENGINE, Cpu.pc);
  code.i64(BigInt(Resume.misaligned));
  code.get(1);
  code.byte(Op.return);
  code.byte(Op.end);
  code.get(0);
  code.i64(BigInt(GUEST_LIMIT));
  code.opcode(0x5a);
  giveUp();
  code.get(0);
  code.i64(12n);
  code.opcode(0x88);
  code.i64(2n);
  code.opcode(0x86);
  code.memory("i32.load", GUEST, BLOCKS);
  code.tee(block);
  code.opcode(0x45);
  giveUp();
  code.get(block);
  code.get(0);
  code.opcode(0xa7);
  code.i32(0xffc);
  code.opcode(0x71);
  code.i32(2);
  code.opcode(0x74);
  code.opcode(0x6a);
  code.tee(block);
  code.memory("i32.load16_u", ENGINE, 0);
  code.i32(FixedHandler.region);
  code.opcode(0x47);
  code.get(block);
  code.memory("i32.load", ENGINE, RegionRecord.root);
  code.get(0);
  code.i64(2n);
  code.opcode(0x88);
  code.opcode(0xa7);
  code.opcode(0x47);
  code.opcode(0x72);
  giveUp();
  // The next jump there finds it in the table.
  code.get(0);
  code.opcode(0xa7);
  jumpEntry(code);
  code.get(block);
  code.memory("i64.load32_u", ENGINE, RegionRecord.slot);
  code.i64(32n);
  code.opcode(0x86);
  code.get(0);
  code.i64(2n);
  code.opcode(0x88);
  code.opcode(0x84);
  code.memory("i64.store", ENGINE, JUMPS);
  code.get(0);
  code.get(1);
  code.get(2);
  code.get(block);
  code.memory("i32.load", ENGINE, RegionRecord.slot);
  code.op1(Op.return_call_indirect, runtime.regionType);
  code.u(REGIONS);
  module.define(callTo, code);
  module.exportFunction("callTo", callTo);
  return absent;
}
