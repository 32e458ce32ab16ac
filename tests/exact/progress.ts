/** A line on stderr, now and then, about how far long work has come. */
export class Progress {
  readonly #started = performance.now();
  #shown = performance.now();

  constructor(readonly what: string, readonly total: number) {}

  /** @param failed differences so far, where they are shown at the end only */
  at(done: number, failed?: number): void {
    const now = performance.now();
    if (now - this.#shown < 10_000) return;
    this.#shown = now;
    const seconds = Math.round((now - this.#started) / 1000);
    const differ = failed === undefined ? "" : `, ${failed} differ`;
    console.error(`${this.what}: ${done} of ${this.total}${differ}, ${seconds} s`);
  }
  end(): void {
    const seconds = ((performance.now() - this.#started) / 1000).toFixed(1);
    console.error(`${this.what}: ${this.total} in ${seconds} s`);
  }
}
