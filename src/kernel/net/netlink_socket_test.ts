import assert from "node:assert/strict";
import { EAGAIN } from "../abi/errno.ts";
import * as nl from "../abi/netlink.ts";
import { AF_UNSPEC, SOCK_RAW } from "../abi/socket.ts";
import { FakeCaller } from "../ipc/fake_caller.ts";
import { fakeNetwork } from "./fake_network.ts";
import { NetlinkSocket } from "./netlink_socket.ts";

const caller = new FakeCaller();
const socket = () => new NetlinkSocket(fakeNetwork().network, SOCK_RAW, nl.NETLINK_ROUTE, caller);

function request(type: number, flags: number): Uint8Array {
  const bytes = new Uint8Array(20), view = new DataView(bytes.buffer);
  view.setUint32(0, 20, true);
  view.setUint16(4, type, true);
  view.setUint16(6, flags, true);
  view.setUint32(8, 77, true);
  bytes[16] = AF_UNSPEC;
  return bytes;
}
/** [type, sequence, port] of every message that comes. */
function replies(from: NetlinkSocket): [number, number, number][] {
  const found: [number, number, number][] = [], into = new Uint8Array(8192);
  for (let length = from.read(into, caller); length !== -EAGAIN; length = from.read(into, caller)) {
    const view = new DataView(into.buffer, 0, length);
    for (let at = 0; at < length; at += (view.getUint32(at, true) + 3) & ~3) {
      found.push([view.getUint16(at + 4, true), view.getUint32(at + 8, true), view.getUint32(at + 12, true)]);
    }
  }
  return found;
}

Deno.test("NetlinkSocket lists the loopback, its addresses and its routes", () => {
  const dump = (type: number) => {
    const made = socket();
    made.write(request(type, nl.NLM_F_REQUEST | nl.NLM_F_DUMP), caller);
    return replies(made).map(([reply]) => reply);
  };
  assert.deepEqual(dump(nl.RTM_GETLINK), [nl.RTM_NEWLINK, nl.NLMSG_DONE]);
  assert.deepEqual(dump(nl.RTM_GETADDR), [nl.RTM_NEWADDR, nl.RTM_NEWADDR, nl.NLMSG_DONE]);
  assert.deepEqual(dump(nl.RTM_GETROUTE), [...Array(4).fill(nl.RTM_NEWROUTE), nl.NLMSG_DONE]);
  assert.deepEqual(dump(nl.RTM_GETNEIGH), [nl.NLMSG_DONE]);
});

Deno.test("NetlinkSocket answers with the request's sequence to the caller's port", () => {
  const made = socket();
  made.write(request(nl.RTM_GETLINK, nl.NLM_F_REQUEST | nl.NLM_F_DUMP), caller);
  assert.deepEqual(replies(made)[0], [nl.RTM_NEWLINK, 77, caller.pid]);
});

Deno.test("NetlinkSocket refuses changes with an error message", () => {
  const made = socket();
  made.write(request(nl.RTM_NEWADDR, nl.NLM_F_REQUEST | nl.NLM_F_ACK), caller);
  assert.deepEqual(replies(made).map(([type]) => type), [nl.NLMSG_ERROR]);
});
