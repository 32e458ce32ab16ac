import { deepEqual, equal } from "node:assert/strict";
import { formatAddress, SERVER_VARIABLE, serverAddress } from "./address.ts";

function read(value: string) {
  Deno.env.set(SERVER_VARIABLE, value);
  try {
    return serverAddress();
  } finally {
    Deno.env.delete(SERVER_VARIABLE);
  }
}

Deno.test("serverAddress reads what formatAddress has written, whatever the path", () => {
  for (const path of ["/tmp/socket", "/tmp/a b", "/tmp/a#b", "/tmp/a\nb"]) {
    for (const build of [undefined, 0, 1764382812345]) {
      deepEqual(read(formatAddress({ path, build })), { path, build });
    }
  }
});

Deno.test("serverAddress takes an empty variable for none", () => equal(read(""), undefined));
