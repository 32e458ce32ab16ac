import assert from "node:assert/strict";
import {
  EADDRINUSE,
  EAGAIN,
  ECONNREFUSED,
  ECONNRESET,
  EINVAL,
  EISCONN,
  EMSGSIZE,
  ENOENT,
  ENOTCONN,
  EPERM,
  EPIPE,
  EPROTOTYPE,
} from "../abi/errno.ts";
import { SIGPIPE } from "../abi/signal.ts";
import * as abi from "../abi/socket.ts";
import { POLLHUP, POLLIN, POLLOUT } from "../fs/file.ts";
import { EventFd } from "../ipc/eventfd.ts";
import { FakeCaller, text } from "../ipc/fake_caller.ts";
import { addressUnix, fakeNetwork } from "./fake_network.ts";
import { plainSending, Received } from "./message.ts";
import { intOption } from "./socket_options.ts";
import { UnixDatagramSocket } from "./unix_datagram.ts";
import type { UnixSocket } from "./unix_socket.ts";
import { UnixStreamSocket } from "./unix_stream.ts";

const caller = new FakeCaller();
function world() {
  const { network } = fakeNetwork();
  return {
    stream: (type: number = abi.SOCK_STREAM) => new UnixStreamSocket(network, type, caller),
    datagram: () => new UnixDatagramSocket(network, caller),
  };
}
function pair(type: number = abi.SOCK_STREAM): [UnixStreamSocket, UnixStreamSocket] {
  const { stream } = world(), a = stream(type), b = stream(type);
  UnixStreamSocket.pair(a, b);
  return [a, b];
}
function receive(socket: UnixSocket, length = 100, flags = 0) {
  const into = new Uint8Array(length), received = new Received();
  const result = socket.receive(into, flags, received, caller);
  return { result, received, text: new TextDecoder().decode(into.subarray(0, Math.max(0, Math.min(length, result)))) };
}

Deno.test("UnixStreamSocket joins writes and splits reads", () => {
  const [a, b] = pair();
  a.write(text("one"), caller);
  a.write(text("two"), caller);
  assert.equal(receive(b, 4).text, "onet");
  assert.equal(receive(b).text, "wo");
});

Deno.test("UnixStreamSocket connects by path and by abstract name", () => {
  for (const name of ["/run/sock", "\0abstract"]) {
    const { stream } = world(), listener = stream(), client = stream();
    assert.equal(client.connect(addressUnix(name), caller), name[0] === "/" ? -ENOENT : -ECONNREFUSED);
    assert.equal(listener.bind(addressUnix(name), caller), 0);
    assert.equal(client.connect(addressUnix(name), caller), -ECONNREFUSED);
    listener.listen(5, caller);
    assert.equal(client.connect(addressUnix(name), caller), 0);
    const server = listener.accept() as UnixStreamSocket;
    assert.deepEqual(client.peerName(), addressUnix(name));
    assert.deepEqual(server.name(), addressUnix(name));
    client.write(text("x"), caller);
    assert.equal(receive(server).text, "x");
  }
});

Deno.test("UnixStreamSocket refuses a taken name, a wrong type and a second connection", () => {
  const { stream, datagram } = world(), a = stream(), b = stream(), d = datagram();
  a.bind(addressUnix("/s"), caller);
  a.listen(1, caller);
  assert.equal(b.bind(addressUnix("/s"), caller), -EADDRINUSE);
  assert.equal(d.connect(addressUnix("/s"), caller), -EPROTOTYPE);
  assert.equal(b.connect(addressUnix("/s"), caller), 0);
  assert.equal(b.connect(addressUnix("/s"), caller), -EISCONN);
});

Deno.test("UnixStreamSocket connect waits for room in the backlog", () => {
  const { stream } = world(), listener = stream(), first = stream(), second = stream();
  listener.bind(addressUnix("\0l"), caller);
  listener.listen(0, caller);
  first.connect(addressUnix("\0l"), caller);
  assert.equal(second.connect(addressUnix("\0l"), caller), -EAGAIN);
  assert.equal(second.connectQueue(), listener.wait);
  listener.accept();
  assert.equal(second.connect(addressUnix("\0l"), caller), 0);
});

Deno.test("UnixStreamSocket close is an end of file, then EPIPE", () => {
  const [a, b] = pair(), writer = new FakeCaller();
  a.write(text("last"), caller);
  a.unref();
  assert.equal(receive(b).text, "last");
  assert.equal(receive(b).result, 0);
  assert.equal(b.poll() & POLLHUP, POLLHUP);
  assert.equal(b.write(text("x"), writer), -EPIPE);
  assert.deepEqual(writer.raised, [SIGPIPE]);
});

Deno.test("UnixStreamSocket close with unread data is a reset", () => {
  const [a, b] = pair();
  b.write(text("unread"), caller);
  a.unref();
  assert.equal(receive(b).result, -ECONNRESET);
  assert.equal(receive(b).result, 0);
});

Deno.test("UnixStreamSocket not connected refuses", () => {
  const socket = world().stream();
  assert.equal(socket.write(text("x"), caller), -ENOTCONN);
  assert.equal(receive(socket).result, -EINVAL);
});

Deno.test("UnixStreamSocket carries descriptors with their bytes", () => {
  const [a, b] = pair(), file = new EventFd(0, false, 0);
  a.write(text("before"), caller);
  file.references++;
  a.send(text("with"), { ...plainSending(0), rights: [file] }, caller);
  a.write(text("after"), caller);
  const first = receive(b);
  assert.equal(first.text, "beforewith");
  assert.deepEqual(first.received.rights, [file]);
  assert.equal(receive(b).text, "after");
});

Deno.test("UnixStreamSocket drops descriptors nobody receives", () => {
  const [a, b] = pair(), file = new EventFd(0, false, 0);
  file.references++;
  a.send(text("x"), { ...plainSending(0), rights: [file] }, caller);
  assert.equal(file.references, 2);
  b.unref();
  assert.equal(file.references, 1);
});

Deno.test("UnixStreamSocket with SO_PASSCRED tells who sent, and keeps senders apart", () => {
  const [a, b] = pair();
  b.setOption(abi.SOL_SOCKET, abi.SO_PASSCRED, intOption(1), caller);
  a.write(text("one"), new FakeCaller(11, 5, 6));
  a.write(text("two"), new FakeCaller(12, 5, 6));
  const got = receive(b);
  assert.equal(got.text, "one");
  assert.deepEqual([...new Int32Array(got.received.control[0]!.data.buffer)], [11, 5, 6]);
  assert.equal(receive(b).text, "two");
});

Deno.test("UnixStreamSocket shows its peer's identity as of connect and listen", () => {
  const { stream } = world(), listener = stream(), client = stream();
  listener.bind(addressUnix("\0p"), caller);
  listener.listen(1, new FakeCaller(21, 1, 2));
  client.connect(addressUnix("\0p"), new FakeCaller(22, 3, 4));
  const server = listener.accept() as UnixStreamSocket;
  const peer = (socket: UnixStreamSocket) => [
    ...new Int32Array((socket.getOption(abi.SOL_SOCKET, abi.SO_PEERCRED, caller) as Uint8Array).buffer),
  ];
  assert.deepEqual(peer(client), [21, 1, 2]);
  assert.deepEqual(peer(server), [22, 3, 4]);
});

Deno.test("UnixStreamSocket holds a writer back until three quarters are free", () => {
  const [a, b] = pair();
  a.setOption(abi.SOL_SOCKET, abi.SO_SNDBUF, intOption(8192), caller);
  const sent = a.write(new Uint8Array(100000), caller);
  assert.ok(sent > 8192 && sent < 40000);
  assert.equal(a.write(text("x"), caller), -EAGAIN);
  assert.equal(a.poll() & POLLOUT, 0);
  while (receive(b, 4096).result > 0);
  assert.equal(a.poll() & POLLOUT, POLLOUT);
});

Deno.test("SOCK_SEQPACKET keeps messages apart and marks their ends", () => {
  const [a, b] = pair(abi.SOCK_SEQPACKET);
  a.write(text("first"), caller);
  a.write(text("second"), caller);
  const got = receive(b, 3);
  assert.equal(got.text, "fir");
  assert.equal(got.received.flags, abi.MSG_EOR | abi.MSG_TRUNC);
  assert.equal(receive(b).text, "second");
  a.unref();
  assert.equal(receive(b).result, 0);
});

Deno.test("UnixDatagramSocket carries names of senders, and none for those without", () => {
  const { datagram } = world(), a = datagram(), b = datagram(), unnamed = datagram();
  a.bind(addressUnix("/a"), caller);
  b.bind(addressUnix("/b"), caller);
  const to = (socket: UnixDatagramSocket) =>
    socket.send(text("x"), { ...plainSending(0), address: addressUnix("/b") }, caller);
  assert.equal(to(a), 1);
  assert.equal(to(unnamed), 1);
  assert.deepEqual(receive(b).received.address, addressUnix("/a"));
  assert.equal(receive(b).received.address?.length, 0);
});

Deno.test("UnixDatagramSocket makes senders wait for a full queue", () => {
  const { datagram } = world(), a = datagram(), b = datagram();
  b.bind(addressUnix("/b"), caller);
  a.connect(addressUnix("/b"), caller);
  let sent = 0;
  while (a.write(text("x"), caller) > 0) sent++;
  assert.equal(sent, 11);
  assert.equal(a.poll() & POLLOUT, 0);
  let woken = 0;
  a.wait.watch({ notify: (events) => woken += events & POLLOUT ? 1 : 0 });
  receive(b);
  assert.ok(woken > 0);
  assert.equal(a.poll() & POLLOUT, POLLOUT);
});

Deno.test("UnixDatagramSocket refuses: no peer, dead peer, somebody else's peer, too long", () => {
  const { datagram } = world(), a = datagram(), b = datagram(), c = datagram();
  assert.equal(a.write(text("x"), caller), -ENOTCONN);
  b.bind(addressUnix("/b"), caller);
  c.bind(addressUnix("/c"), caller);
  b.connect(addressUnix("/c"), caller);
  assert.equal(a.connect(addressUnix("/b"), caller), -EPERM);
  assert.equal(a.connect(addressUnix("/c"), caller), 0);
  assert.equal(a.write(new Uint8Array(300000), caller), -EMSGSIZE);
  c.unref();
  assert.equal(a.write(text("x"), caller), -ECONNREFUSED);
  assert.equal(a.write(text("x"), caller), -ENOTCONN);
});

Deno.test("UnixSocket bind without a name takes one of its own", () => {
  const socket = world().datagram();
  assert.equal(socket.bind(new Uint8Array([abi.AF_UNIX, 0]), caller), 0);
  assert.deepEqual(socket.name(), addressUnix("\x0000000"));
});

Deno.test("UnixStreamSocket closing a listener resets who was not accepted", () => {
  const { stream } = world(), listener = stream(), client = stream();
  listener.bind(addressUnix("\0l"), caller);
  listener.listen(1, caller);
  client.connect(addressUnix("\0l"), caller);
  assert.equal(listener.poll() & POLLIN, POLLIN);
  listener.unref();
  assert.equal(receive(client).result, -ECONNRESET);
});
