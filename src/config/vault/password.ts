import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, readFile, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { errorCode } from '../../core/error.ts';
import { fail, ok, type Problem, type Result } from '../../core/problem.ts';
import { Secret } from '../../core/secret.ts';

/** Where a vault password may come from; asked only when something encrypted is met. */
export interface PasswordSource {
  /** For messages: `the password typed`, or a file. */
  readonly label: string;
  /** The password for a vault id; `undefined`: this source has none for it. */
  read(id: string): Promise<Result<Secret | undefined>>;
}

/** A person who is asked, once. */
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

/** A file: its text, or, where it is executable, what it prints; a name ending in `-client` is given the vault id. */
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
      return fail(unreadable(shownPath, 'it is itself encrypted, which hxllm does not open'));
    return text === '' ? fail(emptyPassword(shownPath, `write the password into ${shownPath}`)) : ok(new Secret(text));
  } catch (error) {
    return fail(unreadable(shownPath, reasonOf(error)));
  }
}

async function isExecutable(path: string): Promise<boolean> {
  // root may "execute" anything by access(2) only where one of the bits is set, as Ansible's is_executable has it.
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
              `the script ended with ${String(error.code ?? error.signal ?? 'an error')}${stderr.trim() === '' ? '' : ` and said: ${lastLine(stderr)}`}`,
            ),
          ),
        );
      else if (password === '')
        resolve(
          fail(
            emptyPassword(
              shownPath,
              `make ${shownPath} print the password, or remove its execute bit if it holds the password itself: chmod -x ${shownPath}`,
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
  return (
    { ENOENT: 'there is no such file', EACCES: 'it may not be read' }[code] ?? (code === '' ? String(error) : code)
  );
}

function unreadable(file: string, reason: string): Problem {
  return {
    code: 'vault.password-unreadable',
    summary: 'the vault password cannot be read',
    detail: `Wanted a file with the password, or a program that prints it; seen ${file}: ${reason}.`,
    fix: 'name the right file with --vault-password-file FILE, or type the password with --ask-vault-pass',
    where: { file },
  };
}

function emptyPassword(from: string, fix: string): Problem {
  return {
    code: 'vault.password-empty',
    summary: 'the vault password is empty',
    detail: `Wanted a password from ${from}; seen nothing.`,
    fix,
  };
}
