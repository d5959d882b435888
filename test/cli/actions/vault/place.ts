import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encryptVaults } from '../../../../src/cli/actions/vault/encrypt.ts';
import type { Result } from '../../../../src/core/problem.ts';
import { fakeTerminal, type FakeTerminal } from '../../../cli/fake-terminal.ts';

const { signal } = new AbortController();

/** The text of the vault before it is encrypted. */
export const PLAIN = '---\n# a comment\nlitellm_master_key: "old"\nother: 1\n';

/** A folder with passwords in files, a plain vault and a file of variables. */
export class Place implements Disposable {
  readonly cwd = mkdtempSync(join(tmpdir(), 'hxllm-vault-'));

  /** The places of its variables. */
  get folders(): { readonly folder: string; readonly folders: readonly string[] } {
    return { folder: join(this.cwd, 'group_vars'), folders: [this.cwd] };
  }

  /** A folder in memory that no other program uses. */
  readonly memory = mkdtempSync('/dev/shm/hxllm-vault-');

  constructor() {
    mkdirSync(join(this.cwd, 'group_vars/all'), { recursive: true });
    this.write('old', 'old password\n');
    this.write('new', 'new password\n');
    this.write('group_vars/all/vault.yml', PLAIN);
    this.write('group_vars/all/main.yml', 'x: 1 # here\n');
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.cwd, name), text);
  }

  read(name: string): string {
    return readFileSync(join(this.cwd, name), 'utf8');
  }

  /** An editor: a script that gets the file's path. */
  terminal(editor = 'false'): FakeTerminal {
    const path = join(this.cwd, 'editor.sh');
    writeFileSync(path, `#!/bin/sh\n${editor}\n`);
    chmodSync(path, 0o700);
    return fakeTerminal({ cwd: this.cwd, environment: { EDITOR: `'${path}'`, XDG_RUNTIME_DIR: this.memory } });
  }

  async encrypt(): Promise<void> {
    const done = await encryptVaults(this.terminal(), ['group_vars/all/vault.yml'], OLD, signal);
    assert.ok(done.ok);
  }

  [Symbol.dispose](): void {
    rmSync(this.memory, { recursive: true });
    rmSync(this.cwd, { recursive: true });
  }
}

/** The password of the vault. */
export const OLD = { vaultPasswordFile: 'old' };
/** The vault. */
export const FILE = 'group_vars/all/vault.yml';
/** A plain file of variables. */
export const MAIN = 'group_vars/all/main.yml';
/** The vault as a whole. */
export const whole = { file: FILE, variable: undefined };

/** The value of a result that has to be good. */
export function valueOf<T>(result: Result<T>): T {
  if (!result.ok) assert.fail(JSON.stringify(result.problems));
  return result.value;
}

/** The code of the first problem. */
export function codeOf(result: Result<unknown>): string | undefined {
  return result.ok ? undefined : result.problems[0].code;
}
