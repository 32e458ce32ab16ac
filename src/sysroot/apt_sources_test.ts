import assert from "node:assert/strict";
import { archivesFor, parseDeb822, parseDeb822Sources, parseOneLineSources } from "./apt_sources.ts";

Deno.test("parseOneLineSources reads deb lines and passes over the rest", () => {
  const sources = parseOneLineSources(`
# deb http://old.example/debian bookworm main
deb [arch=amd64 signed-by=/k.gpg] http://mirror.example/debian bookworm main contrib # comment
deb-src http://mirror.example/debian bookworm main
deb cdrom:[Debian]/ bookworm main
deb mirror+file:/etc/apt/mirrors bookworm main
deb https://tools.example/apt/ ./
`);
  assert.deepEqual(sources, [
    { uri: "http://mirror.example/debian/", suite: "bookworm", components: ["main", "contrib"] },
    { uri: "https://tools.example/apt/", suite: "./", components: [] },
  ]);
});

Deno.test("parseDeb822Sources reads every combination of a stanza", () => {
  const sources = parseDeb822Sources(
    "Types: deb deb-src\nURIs: http://a.example/debian\n http://b.example/debian/\n# a comment\nSuites: bookworm bookworm-updates\n" +
      "Components: main\nSigned-By: /usr/share/keyrings/x.gpg\n",
  );
  assert.deepEqual(sources.map(({ uri, suite }) => `${uri} ${suite}`), [
    "http://a.example/debian/ bookworm",
    "http://a.example/debian/ bookworm-updates",
    "http://b.example/debian/ bookworm",
    "http://b.example/debian/ bookworm-updates",
  ]);
});

Deno.test("parseDeb822Sources passes over disabled and source stanzas", () => {
  const stanza = "URIs: http://a.example/debian\nSuites: bookworm\nComponents: main\n";
  assert.deepEqual(parseDeb822Sources(`Types: deb\nEnabled: no\n${stanza}\nTypes: deb-src\n${stanza}`), []);
});

Deno.test("parseDeb822 joins folded lines and ends a stanza at a blank line", () => {
  const stanzas = [...parseDeb822("A: 1\nB: 2\n 3\n\n\nA: 4")].map((stanza) => Object.fromEntries(stanza));
  assert.deepEqual(stanzas, [{ a: "1", b: "2\n3" }, { a: "4" }]);
});

const source = (uri: string, suite: string, components = ["main"]) => ({ uri, suite, components });

Deno.test("archivesFor puts the very suite first and drops doubles", () => {
  const sources = [
    source("http://b.example/", "trixie"),
    source("http://a.example/", "bookworm"),
    source("http://a.example/", "sid"),
  ];
  assert.deepEqual(archivesFor(sources, "bookworm", "main"), ["http://a.example/", "http://b.example/"]);
});

Deno.test("archivesFor passes over archives with another pool", () => {
  const sources = [
    source("http://security.example/", "bookworm-security"),
    source("http://derived.example/", "noble"),
    source("http://tools.example/", "bookworm", ["stable"]),
  ];
  assert.deepEqual(archivesFor(sources, "bookworm", "main"), []);
});
