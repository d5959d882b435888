import ssh2, { type IdentityCallback, type ParsedKey, type SignCallback, type SigningRequestOptions } from 'ssh2';

/** A key whose file is encrypted, for one attempt. The file is unlocked when the server has said that it takes the key, as by OpenSSH. */
export class LockedKeyAgent extends ssh2.BaseAgent<ParsedKey> {
  readonly #offered: ParsedKey;
  readonly #hash: 'sha256' | 'sha512' | undefined;
  readonly #unlock: () => Promise<ParsedKey | undefined>;

  /** `offered` is the public key; an RSA key signs with `hash`. */
  constructor(offered: ParsedKey, hash: 'sha256' | 'sha512' | undefined, unlock: () => Promise<ParsedKey | undefined>) {
    super();
    [this.#offered, this.#hash, this.#unlock] = [offered, hash, unlock];
  }

  override getIdentities(callback: IdentityCallback<ParsedKey>): void {
    callback(null, [this.#offered]);
  }

  override sign(
    _key: ParsedKey,
    data: Buffer,
    options: SigningRequestOptions | SignCallback,
    callback?: SignCallback,
  ): void {
    void this.#answer(data, typeof options === 'function' ? options : callback);
  }

  async #answer(data: Buffer, done: SignCallback | undefined): Promise<void> {
    const key = await this.#unlock();
    const signature = key?.sign(data, this.#hash) ?? new Error('the key stays locked');
    if (signature instanceof Error) done?.(signature);
    else done?.(null, signature);
  }
}
