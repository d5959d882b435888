/** Chunks from this size on are kept as they came, and the first ones: a usual body has one or two. */
const SMALL_BYTES = 1024;
const FEW_CHUNKS = 16;
const FEW_BYTES = 16;
const BLOCK_BYTES = 64 * 1024;
const EMPTY = Buffer.alloc(0);

/**
 * The bytes of a body. Small chunks are copied into blocks: Node makes an object of 110 bytes for each chunk, so that a body of 64 MiB in
 * chunks of one byte would fill the memory with 7 GB.
 */
export class JoinedChunks {
  readonly #chunks: Buffer[] = [];
  #block = EMPTY;
  #used = 0;

  add(chunk: Buffer): void {
    if (chunk.length >= SMALL_BYTES || this.#chunks.length < FEW_CHUNKS) {
      this.#flush();
      this.#chunks.push(chunk);
      return;
    }
    if (this.#used + chunk.length > this.#block.length) {
      this.#flush();
      this.#block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
    }
    if (chunk.length > FEW_BYTES) chunk.copy(this.#block, this.#used);
    // A native call takes longer than these few steps.
    else for (let at = 0; at < chunk.length; at += 1) this.#block[this.#used + at] = chunk[at] ?? 0;
    this.#used += chunk.length;
  }

  /** All bytes until now. */
  all(): readonly Buffer[] {
    this.#flush();
    return this.#chunks;
  }

  clear(): void {
    this.#chunks.length = 0;
    this.#block = EMPTY;
    this.#used = 0;
  }

  #flush(): void {
    if (this.#used === 0) return;
    this.#chunks.push(this.#block.subarray(0, this.#used));
    this.#block = this.#block.subarray(this.#used);
    this.#used = 0;
  }
}
