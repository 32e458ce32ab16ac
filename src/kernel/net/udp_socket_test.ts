import assert from "node:assert/strict";
import { EACCES, EAGAIN, ECONNREFUSED, EDESTADDRREQ, EMSGSIZE, ENETUNREACH } from "../abi/errno.ts";
import * as abi from "../abi/socket.ts";
import { POLLERR, POLLIN } from "../fs/file.ts";
import { FakeCaller, text } from "../ipc/fake_caller.ts";
import { address4, address6, fakeNetwork, portOf } from "./fake_network.ts";
import { formatSockaddr } from "./inet_address.ts";
import { plainSending, Received } from "./message.ts";
import { intOption } from "./socket_options.ts";
import { UdpSocket } from "./udp_socket.ts";

const caller = new FakeCaller();
function world() {
  const { network } = fakeNetwork();
  return (domain: number = abi.AF_INET) => new UdpSocket(network, domain, abi.IPPROTO_UDP, caller);
}
function sendTo(socket: UdpSocket, data: string, address: Uint8Array): number {
  return socket.send(text(data), { ...plainSending(0), address }, caller);
}
function receive(socket: UdpSocket, length = 100, flags = 0): { text: string; received: Received; result: number } {
  const into = new Uint8Array(length), received = new Received();
  const result = socket.receive(into, flags, received, caller);
  return { text: new TextDecoder().decode(into.subarray(0, Math.max(0, Math.min(result, length)))), received, result };
}

Deno.test("UdpSocket delivers a datagram with its sender's address", () => {
  const udp = world(), a = udp(), b = udp();
  b.bind(address4(7000, 0), caller);
  assert.equal(sendTo(a, "hi", address4(7000)), 2);
  const got = receive(b);
  assert.equal(got.text, "hi");
  assert.deepEqual(got.received.address, address4(portOf(a.name())));
  assert.equal(receive(b).result, -EAGAIN);
});

Deno.test("UdpSocket cuts a datagram and says so", () => {
  const udp = world(), a = udp(), b = udp();
  b.bind(address4(7000), caller);
  sendTo(a, "longer", address4(7000));
  const got = receive(b, 4, abi.MSG_TRUNC);
  assert.equal(got.result, 6);
  assert.equal(got.received.flags & abi.MSG_TRUNC, abi.MSG_TRUNC);
  assert.equal(receive(b).result, -EAGAIN);
});

Deno.test("UdpSocket connected takes only from its peer and learns that nobody listens", () => {
  const udp = world(), a = udp(), b = udp(), c = udp();
  b.bind(address4(7000), caller);
  a.bind(address4(7001), caller);
  a.connect(address4(7000));
  sendTo(c, "stranger", address4(7001));
  assert.equal(receive(a).result, -EAGAIN);
  a.connect(address4(7999));
  assert.equal(a.write(text("x"), caller), 1);
  assert.equal(a.poll() & POLLERR, POLLERR);
  assert.equal(a.write(text("x"), caller), -ECONNREFUSED);
});

Deno.test("UdpSocket refuses what cannot go", () => {
  const a = world()();
  assert.equal(a.write(text("x"), caller), -EDESTADDRREQ);
  assert.equal(sendTo(a, "x", formatSockaddr({ ip: "08080808", port: 53 }, abi.AF_INET)), -ENETUNREACH);
  assert.equal(sendTo(a, "x", formatSockaddr({ ip: "7fffffff", port: 53 }, abi.AF_INET)), -EACCES);
  assert.equal(sendTo(a, "x".repeat(65508), address4(7000)), -EMSGSIZE);
});

Deno.test("UdpSocket of IPv6 talks to itself and to IPv4", () => {
  const udp = world(), six = udp(abi.AF_INET6), four = udp();
  six.bind(address6(7000, 0), caller);
  sendTo(six, "self", address6(7000));
  assert.equal(receive(six).text, "self");
  sendTo(four, "mapped", address4(7000));
  const got = receive(six);
  assert.equal(got.text, "mapped");
  assert.equal(got.received.address?.length, 28);
});

Deno.test("UdpSocket reports the destination with IP_PKTINFO", () => {
  const udp = world(), a = udp(), b = udp();
  b.bind(address4(7000, 0), caller);
  b.setOption(abi.SOL_IP, abi.IP_PKTINFO, intOption(1), caller);
  sendTo(a, "x", address4(7000, 5));
  const [control] = receive(b).received.control;
  assert.deepEqual([control!.level, control!.type], [abi.SOL_IP, abi.IP_PKTINFO]);
  assert.deepEqual([...control!.data], [1, 0, 0, 0, 127, 0, 0, 5, 127, 0, 0, 5]);
});

Deno.test("UdpSocket drops what its buffer cannot hold", () => {
  const udp = world(), a = udp(), b = udp();
  b.bind(address4(7000), caller);
  b.setOption(abi.SOL_SOCKET, abi.SO_RCVBUF, intOption(2048), caller);
  for (let i = 0; i < 50; i++) assert.equal(sendTo(a, "x".repeat(500), address4(7000)), 500);
  assert.ok(b.drops > 0);
  assert.equal(b.poll() & POLLIN, POLLIN);
});

Deno.test("UdpSocket delivers multicast on the loopback to members", () => {
  const udp = world(), a = udp(), member = udp(), other = udp();
  const group = formatSockaddr({ ip: "e0000101", port: 7000 }, abi.AF_INET);
  for (const socket of [member, other]) {
    socket.setOption(abi.SOL_SOCKET, abi.SO_REUSEADDR, intOption(1), caller);
    assert.equal(socket.bind(address4(7000, 0), caller), 0);
  }
  member.setOption(abi.SOL_IP, abi.IP_ADD_MEMBERSHIP, new Uint8Array([224, 0, 1, 1, 127, 0, 0, 1]), caller);
  assert.equal(sendTo(a, "x", group), -ENETUNREACH);
  a.setOption(abi.SOL_IP, abi.IP_MULTICAST_IF, new Uint8Array([127, 0, 0, 1]), caller);
  assert.equal(sendTo(a, "all", group), 3);
  assert.equal(receive(member).text, "all");
  assert.equal(receive(other).result, -EAGAIN);
});
