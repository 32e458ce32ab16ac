import assert from "node:assert/strict";
import { aptProxyFor, parseAptConf } from "./apt_conf.ts";

const url = (text: string) => new URL(text);

Deno.test("parseAptConf reads names with colons and nested scopes alike", () => {
  const settings = parseAptConf(`
// a comment with "quotes";
APT::Architecture "arm64";
Acquire { http { Proxy "http://proxy.example:3142/"; Pipeline-Depth 0; }; };
# another comment
Acquire::https::Proxy "DIRECT"; /* and a last one */
DPkg::Post-Invoke { "rm -f /x || true"; };
`);
  assert.equal(settings.get("apt::architecture"), "arm64");
  assert.equal(settings.get("acquire::http::proxy"), "http://proxy.example:3142/");
  assert.equal(settings.get("acquire::http::pipeline-depth"), "0");
  assert.equal(settings.get("acquire::https::proxy"), "DIRECT");
});

Deno.test("parseAptConf lets the last setting win", () => {
  assert.equal(parseAptConf('A "1"; a "2";').get("a"), "2");
});

Deno.test("parseAptConf survives unbalanced braces", () => {
  assert.equal(parseAptConf('} } A { B "1"; } } C "2";').get("c"), "2");
});

Deno.test("aptProxyFor prefers the host's own setting", () => {
  const settings = parseAptConf(
    'Acquire::http::Proxy "http://p.example:1/"; Acquire::http::Proxy::m.example "DIRECT";',
  );
  assert.equal(aptProxyFor(settings, url("http://m.example/debian/")), undefined);
  assert.equal(aptProxyFor(settings, url("http://other.example/debian/")), "http://p.example:1/");
});

Deno.test("aptProxyFor uses the http proxy for https unless that has its own", () => {
  assert.equal(
    aptProxyFor(parseAptConf('Acquire::http::Proxy "http://p.example/";'), url("https://m.example/")),
    "http://p.example/",
  );
  const direct = parseAptConf('Acquire::http::Proxy "http://p.example/"; Acquire::https::Proxy "DIRECT";');
  assert.equal(aptProxyFor(direct, url("https://m.example/")), undefined);
});

Deno.test("aptProxyFor ignores what is no proxy URL", () => {
  assert.equal(aptProxyFor(parseAptConf('Acquire::http::Proxy "proxy:3128";'), url("http://m.example/")), undefined);
});
