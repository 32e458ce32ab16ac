/** A package mirror on the loopback interface, with the faults that tests ask for. */

/** What a path of the mirror does; the request's `Range` is given as its first byte. */
export type Answer = (from: number, signal: AbortSignal) => Response | Promise<Response>;

/** A running mirror. Disposing stops it. */
export class MirrorServer implements AsyncDisposable {
  /** Requests so far, as `path` or `path@first-byte`. */
  readonly requests: string[] = [];
  readonly #answers = new Map<string, Answer>();
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #stop = new AbortController();

  constructor() {
    this.#server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
      const path = new URL(request.url).pathname.slice(1);
      const from = Number(/^bytes=(\d+)-$/.exec(request.headers.get("range") ?? "")?.[1] ?? 0);
      this.requests.push(from === 0 ? path : `${path}@${from}`);
      const answer = this.#answers.get(path);
      return answer === undefined ? new Response("", { status: 404 }) : answer(from, this.#stop.signal);
    });
  }

  /** Base URL. */
  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}/`;
  }

  /** Serves bytes, resuming where asked. */
  serve(path: string, bytes: Uint8Array<ArrayBuffer>): void {
    this.answer(path, (from) => ranged(bytes.subarray(from), from, bytes.length));
  }

  /** Answers a path in one's own way. */
  answer(path: string, answer: Answer): void {
    this.#answers.set(path, answer);
  }

  /** Serves the first `count` bytes of whatever is asked for, then nothing more while the server runs. */
  stallAfter(path: string, bytes: Uint8Array<ArrayBuffer>, count: number): void {
    this.answer(path, (from, signal) => {
      const part = bytes.slice(from, Math.max(from, count));
      const body = new ReadableStream({
        start(controller) {
          controller.enqueue(part);
          signal.addEventListener("abort", () => controller.error(new Error("stopped")));
        },
      });
      return ranged(body, from, bytes.length);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#server.shutdown();
  }
}

/** A 200, or a 206 when it does not begin at the first byte. */
export function ranged(body: BodyInit, from: number, size: number): Response {
  if (from === 0) return new Response(body, { headers: { "content-length": String(size) } });
  return new Response(body, { status: 206, headers: { "content-range": `bytes ${from}-${size - 1}/${size}` } });
}
