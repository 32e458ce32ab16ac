import assert from "node:assert/strict";
import {
  EADDRINUSE,
  EADDRNOTAVAIL,
  EAGAIN,
  EALREADY,
  ECONNREFUSED,
  ECONNRESET,
  EINPROGRESS,
  EINVAL,
  EISCONN,
  ENETUNREACH,
  ENOTCONN,
  EPIPE,
} from "../abi/errno.ts";
import { SIGPIPE, SIGURG } from "../abi/signal.ts";
import * as abi from "../abi/socket.ts";
import { POLLERR, POLLHUP, POLLIN, POLLOUT, POLLPRI, POLLRDHUP } from "../fs/file.ts";
import { FakeCaller, text } from "../ipc/fake_caller.ts";
import { address4, address6, fakeNetwork, portOf } from "./fake_network.ts";
import { formatSockaddr, isV4 } from "./inet_address.ts";
import { plainSending, Received } from "./message.ts";
import { intOption } from "./socket_options.ts";
import { TcpSocket } from "./tcp_socket.ts";

const caller = new FakeCaller();

function world() {
  const { network, host } = fakeNetwork();
  return { network, host, tcp: (domain: number = abi.AF_INET) => new TcpSocket(network, domain, caller) };
}
function connected() {
  const { tcp, host } = world();
  const listener = tcp(), client = tcp();
  listener.bind(address4(7000), caller);
  listener.listen(5);
  assert.equal(client.connect(address4(7000)), -EINPROGRESS);
  assert.equal(client.connectResult(), 0);
  const server = listener.accept();
  assert.ok(server instanceof TcpSocket);
  return { listener, client, server, host };
}
function read(socket: TcpSocket, length = 100, flags = 0): string | number {
  const into = new Uint8Array(length), result = socket.receive(into, flags, new Received(), caller);
  return result < 0 ? result : new TextDecoder().decode(into.subarray(0, result));
}
const error = (socket: TcpSocket) => (socket.getOption(abi.SOL_SOCKET, abi.SO_ERROR, caller) as Uint8Array)[0];

Deno.test("TcpSocket carries bytes both ways", () => {
  const { client, server } = connected();
  client.write(text("hello"), caller);
  server.write(text("welcome"), caller);
  assert.equal(read(server), "hello");
  assert.equal(read(client), "welcome");
  assert.equal(read(client), -EAGAIN);
});

Deno.test("TcpSocket names agree on both ends", () => {
  const { client, server } = connected();
  assert.deepEqual(client.name(), server.peerName());
  assert.deepEqual(server.name(), client.peerName());
  assert.equal(portOf(server.name()), 7000);
});

Deno.test("TcpSocket connect without listener is refused and says so once", () => {
  const client = world().tcp();
  assert.equal(client.connect(address4(7001)), -EINPROGRESS);
  assert.equal(client.poll() & (POLLERR | POLLHUP), POLLERR | POLLHUP);
  assert.equal(error(client), ECONNREFUSED);
  assert.equal(error(client), 0);
});

Deno.test("TcpSocket connect in progress completes once and then is connected", () => {
  const { tcp } = world(), listener = tcp(), client = tcp();
  listener.bind(address4(7000), caller);
  listener.listen(1);
  assert.equal(client.connect(address4(7000)), -EINPROGRESS);
  assert.equal(client.connect(address4(7000)), 0);
  assert.equal(client.connect(address4(7000)), -EISCONN);
});

Deno.test("TcpSocket connect waits while the backlog is full", () => {
  const { tcp } = world(), listener = tcp();
  listener.bind(address4(7000), caller);
  listener.listen(0);
  const first = tcp(), second = tcp();
  first.connect(address4(7000));
  assert.equal(second.connect(address4(7000)), -EINPROGRESS);
  assert.equal(second.connect(address4(7000)), -EALREADY);
  assert.equal(second.connectResult(), -EAGAIN);
  listener.accept();
  assert.equal(second.connectResult(), 0);
});

Deno.test("TcpSocket elsewhere is unreachable", () => {
  const client = world().tcp();
  assert.equal(client.connect(formatSockaddr({ ip: "0a000001", port: 80 }, abi.AF_INET)), -ENETUNREACH);
});

Deno.test("TcpSocket bind knows its addresses and ports", () => {
  const { tcp } = world(), a = tcp(), b = tcp();
  assert.equal(a.bind(formatSockaddr({ ip: "0a000001", port: 80 }, abi.AF_INET), caller), -EADDRNOTAVAIL);
  assert.equal(a.bind(address4(7000), caller), 0);
  assert.equal(a.bind(address4(7001), caller), -EINVAL);
  assert.equal(b.bind(address4(7000, 0), caller), -EADDRINUSE);
  assert.equal(b.bind(address4(7000, 2), caller), 0);
});

Deno.test("TcpSocket with SO_REUSEADDR shares a port but not with a listener", () => {
  const { tcp } = world(), a = tcp(), b = tcp();
  for (const socket of [a, b]) socket.setOption(abi.SOL_SOCKET, abi.SO_REUSEADDR, intOption(1), caller);
  a.bind(address4(7000), caller);
  assert.equal(b.bind(address4(7000), caller), 0);
  assert.equal(a.listen(1), 0);
  assert.equal(b.listen(1), -EADDRINUSE);
});

Deno.test("TcpSocket can rebind with SO_REUSEADDR while a connection lives", () => {
  const { tcp } = world(), first = tcp(), second = tcp(), client = tcp();
  for (const socket of [first, second]) socket.setOption(abi.SOL_SOCKET, abi.SO_REUSEADDR, intOption(1), caller);
  first.bind(address4(7000), caller);
  first.listen(1);
  client.connect(address4(7000));
  first.accept();
  first.unref();
  assert.equal(second.bind(address4(7000), caller), 0);
  assert.equal(second.listen(1), 0);
});

Deno.test("TcpSocket bound to :: takes IPv4 unless IPV6_V6ONLY", () => {
  const { tcp } = world(), listener = tcp(abi.AF_INET6), client = tcp();
  listener.bind(address6(7000, 0), caller);
  listener.listen(1);
  client.connect(address4(7000));
  assert.equal(client.connectResult(), 0);
  const server = listener.accept() as TcpSocket;
  assert.ok(isV4(server.localIp));
  assert.deepEqual((server.peerName() as Uint8Array).slice(18, 24), new Uint8Array([255, 255, 127, 0, 0, 1]));
  const only = tcp(abi.AF_INET6);
  only.setOption(abi.SOL_IPV6, abi.IPV6_V6ONLY, intOption(1), caller);
  assert.equal(only.bind(address6(7001, 0), caller), 0);
  only.listen(1);
  const refused = tcp();
  refused.connect(address4(7001));
  assert.equal(error(refused), ECONNREFUSED);
});

Deno.test("TcpSocket close is an end of file, and writing to it a reset", () => {
  const { client, server } = connected();
  client.write(text("bye"), caller);
  client.unref();
  assert.equal(server.poll() & (POLLIN | POLLRDHUP | POLLHUP), POLLIN | POLLRDHUP);
  assert.equal(read(server), "bye");
  assert.equal(read(server), "");
  const writer = new FakeCaller();
  assert.equal(server.write(text("x"), writer), 1);
  assert.equal(server.write(text("x"), writer), -EPIPE);
  assert.deepEqual(writer.raised, [SIGPIPE]);
});

Deno.test("TcpSocket close with unread data resets the connection", () => {
  const { client, server } = connected();
  server.write(text("unread"), caller);
  client.unref();
  assert.equal(server.poll() & POLLERR, POLLERR);
  assert.equal(read(server), -ECONNRESET);
  assert.equal(read(server), "");
});

Deno.test("TcpSocket with a linger time of zero resets on close", () => {
  const { client, server } = connected();
  client.setOption(abi.SOL_SOCKET, abi.SO_LINGER, new Uint8Array([1, 0, 0, 0, 0, 0, 0, 0]), caller);
  client.unref();
  assert.equal(read(server), -ECONNRESET);
});

Deno.test("TcpSocket shutdown of writing leaves the other direction open", () => {
  const { client, server } = connected();
  assert.equal(client.shutdown(abi.SHUT_WR), 0);
  assert.equal(read(server), "");
  server.write(text("still"), caller);
  assert.equal(read(client), "still");
  assert.equal(client.send(text("x"), plainSending(abi.MSG_NOSIGNAL), caller), -EPIPE);
  server.shutdown(abi.SHUT_WR);
  assert.equal(client.poll() & POLLHUP, POLLHUP);
});

Deno.test("TcpSocket not connected refuses what needs a connection", () => {
  const socket = world().tcp();
  assert.equal(socket.shutdown(abi.SHUT_RDWR), -ENOTCONN);
  assert.equal(socket.peerName(), -ENOTCONN);
  assert.equal(read(socket), -ENOTCONN);
  assert.equal(socket.poll() & (POLLOUT | POLLHUP), POLLOUT | POLLHUP);
});

Deno.test("TcpSocket closing a listener resets connections nobody accepted", () => {
  const { tcp } = world(), listener = tcp(), client = tcp();
  listener.bind(address4(7000), caller);
  listener.listen(1);
  client.connect(address4(7000));
  listener.unref();
  assert.equal(read(client), -ECONNRESET);
});

Deno.test("TcpSocket holds a sender back and lets it go on when a third is free", () => {
  const { client, server } = connected();
  for (const name of [abi.SO_SNDBUF, abi.SO_RCVBUF]) {
    client.setOption(abi.SOL_SOCKET, name, intOption(8192), caller);
    server.setOption(abi.SOL_SOCKET, name, intOption(8192), caller);
  }
  const sent = client.write(new Uint8Array(100000), caller);
  assert.equal(sent, 32768);
  assert.equal(client.write(text("x"), caller), -EAGAIN);
  assert.equal(client.poll() & POLLOUT, 0);
  let woken = 0;
  client.wait.watch({ notify: (events) => woken += events & POLLOUT ? 1 : 0 });
  read(server, 4000);
  assert.equal(woken, 0);
  read(server, 4000);
  assert.equal(woken, 1);
  assert.equal(client.poll() & POLLOUT, POLLOUT);
});

Deno.test("TcpSocket urgent byte stays beside the stream and marks its place", () => {
  const { client, server, host } = connected();
  client.send(text("abc"), plainSending(abi.MSG_OOB), caller);
  client.write(text("de"), caller);
  assert.equal(server.poll() & POLLPRI, POLLPRI);
  assert.deepEqual(host.signals, [[server, SIGURG]]);
  assert.equal(read(server), "ab");
  server.ioctl(0x8905, 0, caller);
  assert.equal(caller.memory.readU32(0), 1);
  assert.equal(read(server, 100, abi.MSG_OOB), "c");
  assert.equal(read(server, 100, abi.MSG_OOB), -EINVAL);
  assert.equal(read(server), "de");
});

Deno.test("TcpSocket with SO_OOBINLINE keeps the urgent byte in the stream", () => {
  const { client, server } = connected();
  server.setOption(abi.SOL_SOCKET, abi.SO_OOBINLINE, intOption(1), caller);
  client.send(text("abc"), plainSending(abi.MSG_OOB), caller);
  assert.equal(read(server), "ab");
  assert.equal(read(server), "c");
});

Deno.test("TcpSocket MSG_PEEK leaves what it shows", () => {
  const { client, server } = connected();
  client.write(text("peek"), caller);
  assert.equal(read(server, 2, abi.MSG_PEEK), "pe");
  assert.equal(read(server), "peek");
});

Deno.test("TcpSocket shows its state in TCP_INFO", () => {
  const { client, listener } = connected();
  const state = (socket: TcpSocket) => (socket.getOption(abi.SOL_TCP, abi.TCP_INFO, caller) as Uint8Array)[0];
  assert.equal(state(client), abi.TCP_ESTABLISHED);
  assert.equal(state(listener), abi.TCP_LISTEN);
});
