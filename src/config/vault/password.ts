import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, readFile, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { errorCode } from '../../core/error.ts';
import { fail, ok, type Problem, type Result } from '../../core/problem.ts';
import { Secret } from '../../core/secret.ts';

/** A source of vault passwords. It is read only when a vault must be opened. */
export interface PasswordSource {
  /** For messages: `the password that was typed`, or a file. */
  readonly label: string;
  /** The password for a vault id; `undefined` if this source has none. */
  read(id: string): Promise<Result<Secret | undefined>>;
}

/** Asks the user, once. */
export function askedPassword(ask: () => Promise<Secret>): PasswordSource {
  let answer: Promise<Secret> | undefined;
  return {
    label: 'the password that was typed',
    read: async () => {
      answer ??= ask();
      const typed = (await answer).reveal().replace(/[\r\n]+$/, '');
      return typed === '' ? fail(emptyPassword('the prompt', 'type the vault password')) : ok(new Secret(typed));
    },
  };
}

/** A file with the password, or an executable that prints it. A name that ends in `-client` gets the vault id. */
export function filePassword(path: string, shownPath: string): PasswordSource {
  const answers = new Map<string, Promise<Result<Secret | undefined>>>();
  return {
    label: shownPath,
    read: async (id) => {
      const key = isClient(path) ? id : '';
      const answer = answers.get(key) ?? readPasswordFile(path, shownPath, id);
      answers.set(key, answer);
      return answer;
    },
  };
}

async function readPasswordFile(path: string, shownPath: string, id: string): Promise<Result<Secret | undefined>> {
  try {
    if ((await stat(path)).isDirectory()) return fail(unreadable(shownPath, 'it is a folder'));
    if (await isExecutable(path)) return await runScript(path, shownPath, isClient(path) ? ['--vault-id', id] : []);
    const text = (await readFile(path, 'utf8')).trim();
    if (text.startsWith('$ANSIBLE_VAULT;'))
      return fail(unreadable(shownPath, 'it is encrypted itself, which hxllm does not support'));
    return text === '' ? fail(emptyPassword(shownPath, `write the password into ${shownPath}`)) : ok(new Secret(text));
  } catch (error) {
    return fail(unreadable(shownPath, reasonOf(error)));
  }
}

async function isExecutable(path: string): Promise<boolean> {
  // access(2) lets root execute a file only if one of the execute bits is set, as in Ansible's is_executable.
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

function isClient(path: string): boolean {
  return basename(path)
    .replace(/\.[^.]*$/, '')
    .endsWith('-client');
}

const UNKNOWN_ID = 2;

function runScript(path: string, shownPath: string, argv: readonly string[]): Promise<Result<Secret | undefined>> {
  return new Promise((resolve) => {
    execFile(path, argv, { cwd: dirname(path), timeout: 60_000, maxBuffer: 1024 * 1024 }, (error, stdout, stderr) => {
      const password = stdout.replace(/^[\r\n]+|[\r\n]+$/g, '');
      if (error !== null && argv.length > 0 && error.code === UNKNOWN_ID) resolve(ok(undefined));
      else if (error !== null)
        resolve(
          fail(
            unreadable(
              shownPath,
              `the script exited with ${String(error.code ?? error.signal ?? 'an error')}${stderr.trim() === '' ? '' : ` and said: ${lastLine(stderr)}`}`,
            ),
          ),
        );
      else if (password === '')
        resolve(
          fail(
            emptyPassword(
              shownPath,
              `make ${shownPath} print the password, or remove its execute bit if it contains the password itself: chmod -x ${shownPath}`,
            ),
          ),
        );
      else resolve(ok(new Secret(password)));
    });
  });
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}

function reasonOf(error: unknown): string {
  const code = errorCode(error);
  return { ENOENT: 'no such file', EACCES: 'permission denied' }[code] ?? (code === '' ? String(error) : code);
}

function unreadable(file: string, reason: string): Problem {
  return {
    code: 'vault.password-unreadable',
    summary: 'cannot read the vault password',
    detail: `Expected a file with the password, or a program that prints it, found ${file}: ${reason}.`,
    fix: 'give the right file with --vault-password-file FILE, or type the password with --ask-vault-pass',
    where: { file },
  };
}

function emptyPassword(from: string, fix: string): Problem {
  return {
    code: 'vault.password-empty',
    summary: 'the vault password is empty',
    detail: `Expected a password from ${from}, found nothing.`,
    fix,
  };
}
