/** Where an engine's translations are kept from run to run. */
export interface RegionStore {
  /**
   * What was kept of a program; null where there is nothing, undefined where no answer will come.
   *
   * @param program its name, made by the engine of its content: hex digits
   */
  load(program: string): Promise<Uint8Array | null | undefined>;
  save(program: string, archive: Uint8Array<ArrayBuffer>): void;
}
