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
  /** Its own vault id, which a text that is encrypted with it gets in its header. */
  readonly id?: string | undefined;
  /** Its file; undefined of a prompt. */
  readonly path?: string;
  /** The password for a vault id; `undefined` if this source has none. */
  read(id: string): Promise<Result<Secret<Buffer> | undefined>>;
}

/** Decrypts a password file that is itself encrypted. */
export type OpenText = (text: string, file: string) => Promise<Result<Buffer>>;

/** Asks the user, once. */
export function askedPassword(ask: () => Promise<Secret<Buffer> | undefined>, id?: string): PasswordSource {
  let answer: ReturnType<typeof ask> | undefined;
  return {
    label: 'the password that was typed',
    id,
    read: async () => {
      answer ??= ask();
      const typed = await answer;
      return typed === undefined
        ? fail(
            emptyPassword('the prompt', 'type the vault password, or without a terminal run with --vault-id ID@FILE'),
          )
        : ok(typed);
    },
  };
}

/** A typed password as Ansible takes it: without blanks around it; `undefined` if nothing is left. */
export function typedPassword(text: string): Secret<Buffer> | undefined {
  return passwordOf(Buffer.from(text, 'utf8'), BLANKS);
}

// Ansible strips bytes, so that no other kind of blank is one: Python's bytes.strip().
const BLANKS = ' \t\n\r\v\f';
const LINE_ENDS = '\r\n';

function passwordOf(bytes: Buffer, around: string): Secret<Buffer> | undefined {
  let [start, end] = [0, bytes.length];
  while (start < end && around.includes(String.fromCharCode(bytes[start] ?? 0))) start += 1;
  while (end > start && around.includes(String.fromCharCode(bytes[end - 1] ?? 0))) end -= 1;
  return end > start ? new Secret(bytes.subarray(start, end)) : undefined;
}

/**
 * A file with the password, or an executable that prints it. A name that ends in `-client` gets the vault id: this one, else that of the
 * vault. A file that is encrypted is opened by `opens`; a program's output never is, as in Ansible.
 */
export function filePassword(path: string, shownPath: string, ownId?: string, opens?: OpenText): PasswordSource {
  const answers = new Map<string, Promise<Result<Secret<Buffer> | undefined>>>();
  return {
    label: shownPath,
    id: ownId,
    path,
    read: async (vaultId) => {
      const id = ownId ?? vaultId;
      const key = isClient(path) ? id : '';
      const answer = answers.get(key) ?? readPasswordFile(path, shownPath, id, opens);
      answers.set(key, answer);
      return answer;
    },
  };
}

async function readPasswordFile(
  path: string,
  shownPath: string,
  id: string,
  opens: OpenText | undefined,
): Promise<Result<Secret<Buffer> | undefined>> {
  try {
    if ((await stat(path)).isDirectory()) return fail(unreadable(shownPath, 'it is a folder'));
    if (await isExecutable(path)) return await runScript(path, shownPath, isClient(path) ? ['--vault-id', id] : []);
    const password = await decrypted(passwordOf(await readFile(path), BLANKS), shownPath, opens);
    if (!password.ok) return password;
    return password.value === undefined
      ? fail(emptyPassword(shownPath, `write the password into ${shownPath}`))
      : ok(password.value);
  } catch (error) {
    return fail(unreadable(shownPath, reasonOf(error)));
  }
}

// Ansible strips the file's bytes, decrypts them if they are a vault, and then strips line ends only.
async function decrypted(
  password: Secret<Buffer> | undefined,
  shownPath: string,
  opens: OpenText | undefined,
): Promise<Result<Secret<Buffer> | undefined>> {
  const text = password?.reveal().toString('latin1');
  if (text?.startsWith('$ANSIBLE_VAULT;') !== true) return ok(password);
  if (opens === undefined)
    return fail(unreadable(shownPath, 'it is encrypted, which is possible for vault passwords only'));
  const opened = await opens(text, shownPath);
  return opened.ok ? ok(passwordOf(opened.value, LINE_ENDS)) : opened;
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

function runScript(
  path: string,
  shownPath: string,
  argv: readonly string[],
): Promise<Result<Secret<Buffer> | undefined>> {
  return new Promise((resolve) => {
    const options = { cwd: dirname(path), timeout: 60_000, maxBuffer: 1024 * 1024, encoding: 'buffer' } as const;
    execFile(path, argv, options, (error, stdout, stderr) => {
      const password = passwordOf(stdout, LINE_ENDS);
      const said = stderr.toString('utf8');
      if (error !== null && argv.length > 0 && error.code === UNKNOWN_ID) resolve(ok(undefined));
      else if (error !== null)
        resolve(
          fail(
            unreadable(
              shownPath,
              `the script exited with ${String(error.code ?? error.signal ?? 'an error')}${said.trim() === '' ? '' : ` and said: ${lastLine(said)}`}`,
            ),
          ),
        );
      else if (password === undefined)
        resolve(
          fail(
            emptyPassword(
              shownPath,
              `make ${shownPath} print the password, or remove its execute bit if it contains the password itself: chmod -x ${shownPath}`,
            ),
          ),
        );
      else resolve(ok(password));
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
