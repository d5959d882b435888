import { readFile } from 'node:fs/promises';
import { errorCode } from '../core/error.ts';
import { fail, ok, type Result } from '../core/problem.ts';
import { shownPath } from './shown-path.ts';
import { readUtf8 } from './utf8.ts';
import { isVaultText } from './vault/envelope.ts';
import type { Keyring } from './vault/keyring.ts';

/** A file's text, decrypted if necessary. */
export interface SourceText {
  readonly text: string;
  readonly encrypted: boolean;
  /** Encrypted, and no password was given; `text` is empty. */
  readonly locked: boolean;
}

/** Reads and decrypts the operator's files, and records their paths. */
export class SourceFiles {
  readonly keyring: Keyring;
  readonly #cwd: string;
  readonly #read = new Set<string>();

  constructor(cwd: string, keyring: Keyring) {
    this.#cwd = cwd;
    this.keyring = keyring;
  }

  /** Absolute paths of the files that were read, in order. */
  get read(): readonly string[] {
    return [...this.#read];
  }

  /** A path for messages: relative to the current folder if it is below. */
  shown(path: string): string {
    return shownPath(path, this.#cwd);
  }

  /** Reads the file at an absolute path; `undefined` if it does not exist. */
  async open(path: string): Promise<Result<SourceText | undefined>> {
    let bytes: Buffer;
    try {
      bytes = await readFile(path);
    } catch (error) {
      const code = errorCode(error);
      if (code === 'ENOENT' || code === 'ENOTDIR') return ok(undefined);
      return fail({
        code: 'config.unreadable',
        summary: 'cannot read a file',
        detail: `Expected to read ${this.shown(path)}, found ${code === '' ? String(error) : code}.`,
        fix: `ls -ld ${this.shown(path)}`,
        where: { file: this.shown(path) },
      });
    }
    this.#read.add(path);
    const text = readUtf8(bytes);
    const where = { file: this.shown(path) };
    if (typeof text !== 'string')
      return fail({
        code: 'config.not-text',
        summary: 'a file is not text',
        detail: `Expected UTF-8, found another byte at offset ${String(text.offset)}.`,
        fix: `iconv -f latin1 -t utf8 ${this.shown(path)}`,
        where,
      });
    if (!isVaultText(text)) return ok({ text, encrypted: false, locked: false });
    const opened = await this.keyring.open(text, where);
    if (!opened.ok) return opened;
    return ok(
      opened.value.state === 'open'
        ? { text: opened.value.text, encrypted: true, locked: false }
        : { text: '', encrypted: true, locked: true },
    );
  }
}
