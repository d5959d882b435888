/** A server's version line and first packet are shorter (RFC 4253, 4.2 and 6.1). */
const MAX_BYTES = 64 * 1024;

const KEXINIT = 20;

/** Reads the host key algorithms that a server offers from the first bytes of its connection, which are not encrypted yet (RFC 4253, 7.1). */
export class OfferedAlgorithms {
  #bytes = Buffer.alloc(0);
  #hostKeys: readonly string[] | undefined;

  /** Takes what the server sends next. */
  read(chunk: Buffer): void {
    if (this.#hostKeys !== undefined || this.#bytes.length > MAX_BYTES) return;
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    this.#hostKeys = hostKeysIn(this.#bytes);
  }

  /** In the server's order; empty before its list has come. */
  get hostKeys(): readonly string[] {
    return this.#hostKeys ?? [];
  }
}

function hostKeysIn(bytes: Buffer): readonly string[] | undefined {
  // Other lines may precede the version.
  const greeting = /(?:^|\n)SSH-[^\n]*\n/.exec(bytes.toString('latin1'));
  if (greeting === null) return undefined;
  const packet = bytes.subarray(greeting.index + greeting[0].length);
  if (packet.length < 4 || packet.length < 4 + packet.readUInt32BE(0)) return undefined;
  // Length of the packet, length of its padding, type, cookie; then the key exchanges and the host keys, each a list with commas.
  const exchanges = 4 + 1 + 1 + 16;
  if (packet[5] !== KEXINIT || packet.length < exchanges + 4) return [];
  const at = exchanges + 4 + packet.readUInt32BE(exchanges);
  if (packet.length < at + 4) return [];
  const names = packet.toString('latin1', at + 4, at + 4 + packet.readUInt32BE(at)).split(',');
  // Names are printable US-ASCII (RFC 4251, 6). Others could move the cursor of the terminal that shows them.
  return names.filter((name) => /^[!-~]{1,64}$/.test(name));
}
