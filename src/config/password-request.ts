import { resolve } from 'node:path';
import { fail, ok, type Problem, type Result, type Where } from '../core/problem.ts';
import { Secret } from '../core/secret.ts';
import { shownPath } from './shown-path.ts';
import { filePassword } from './vault/password.ts';

/** The command line's part of a password for the hosts. */
export interface PasswordRequest {
  /** The option that asks is given; the setting that asks does so, too. */
  readonly wanted: boolean;
  /** Asks the operator, who may type nothing; `undefined` without a terminal. */
  readonly ask: (() => Promise<Secret | undefined>) | undefined;
  /** The file of the option. */
  readonly file: string | undefined;
}

/** The part of ansible.cfg. */
export interface PasswordSettings {
  /** Absolute. */
  readonly passwordFile: string | undefined;
  /** The place of the setting that asks, if it is true. */
  readonly askPass: Where | undefined;
}

/** A password for the hosts, with the names of its options. */
export interface HostPassword {
  /** `sudo’s password`. */
  readonly what: string;
  readonly code: string;
  readonly askOption: string;
  readonly fileOption: string;
  /** The setting of ansible.cfg that asks. */
  readonly askSetting: string;
}

export const BECOME_PASSWORD: HostPassword = {
  what: 'sudo’s password',
  code: 'become-password',
  askOption: '--ask-become-pass',
  fileOption: '--become-password-file',
  askSetting: 'become_ask_pass',
};

export const LOGIN_PASSWORD: HostPassword = {
  what: 'the SSH password',
  code: 'login-password',
  askOption: '--ask-pass',
  fileOption: '--connection-password-file',
  askSetting: 'ask_pass',
};

/** Reads a password where one is asked for. As in Ansible, the question precedes the file. */
export async function hostPassword(
  password: HostPassword,
  request: PasswordRequest | undefined,
  { askPass, passwordFile }: PasswordSettings,
  { cwd, home }: { readonly cwd: string; readonly home: string },
): Promise<Result<Secret | undefined>> {
  if (request === undefined) return ok(undefined);
  const { what, code, askOption, fileOption, askSetting } = password;
  if (request.wanted || askPass !== undefined)
    return request.ask === undefined
      ? fail({
          code: `usage.${code}`,
          summary: `${what} cannot be asked for`,
          detail: `Expected a terminal for ${request.wanted ? askOption : askSetting}, found none.`,
          fix: `run again with ${fileOption} FILE`,
          ...(askPass === undefined ? {} : { where: askPass }),
        })
      : ok(await request.ask());
  const file = request.file === undefined ? passwordFile : resolve(cwd, request.file.replace(/^~(?=\/)/, home));
  return file === undefined ? ok(undefined) : readPasswordFile(password, file, request.file ?? shownPath(file, cwd));
}

async function readPasswordFile(password: HostPassword, path: string, shown: string): Promise<Result<Secret>> {
  const read = await filePassword(path, shown).read('default');
  if (!read.ok || read.value === undefined)
    return fail(unreadable(password, read.ok ? 'no password' : read.problems[0].detail, shown));
  const text = read.value.reveal().toString('utf8');
  return /[\n\0]/.test(text)
    ? fail(unreadable(password, 'Expected one line, found several.', shown))
    : ok(new Secret(text));
}

function unreadable({ what, code, askOption, fileOption }: HostPassword, detail: string, file: string): Problem {
  return {
    code: `config.${code}`,
    summary: `cannot read ${what}`,
    detail,
    fix: `name the right file with ${fileOption} FILE, or type the password with ${askOption}`,
    where: { file },
  };
}
