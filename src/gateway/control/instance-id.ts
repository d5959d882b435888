import { isAbsolute, join } from 'node:path';
import { fail, ok, type Problem, type Result } from '../../core/problem.ts';

/** An instance of the gateway beside others: its id, and the folder in which instances find each other. */
export interface InstancePlace {
  readonly id: string;
  readonly folder: string;
}

const ID = /^[A-Za-z0-9][\w.-]{0,63}$/;
const SUFFIX = '.sock';
/** Length of the path of a Unix socket (unix(7)), without the zero behind it. */
const LONGEST_PATH = 107;

/** The socket of an instance. */
export function socketOf({ id, folder }: InstancePlace): string {
  return join(folder, `${id}${SUFFIX}`);
}

/** The id of the instance whose socket has this name; `undefined` for another file. */
export function idOfSocket(name: string): string | undefined {
  const id = name.endsWith(SUFFIX) ? name.slice(0, -SUFFIX.length) : '';
  return ID.test(id) ? id : undefined;
}

/** Checks an id that was typed. */
export function checkId(id: string): Problem | undefined {
  if (ID.test(id)) return undefined;
  return {
    code: 'usage.instance',
    summary: 'wrong id of an instance',
    detail: `Expected up to 64 letters, digits and “_.-” that begin with a letter or a digit, found ${JSON.stringify(id)}.`,
    fix: 'use the number of the deployment: --instance 7',
  };
}

/**
 * The folder of the sockets: `--runtime-dir`, else the one of the unit (systemd.exec(5)); of several, which a drop-in may add, the first.
 */
export function runtimeFolder(
  given: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): string | undefined {
  if (given !== undefined) return given;
  const [first = ''] = (environment['RUNTIME_DIRECTORY'] ?? '').split(':');
  return isAbsolute(first) ? first : undefined;
}

/** The place of an instance, if it has an id and a folder. */
export function placeOfInstance(id: string | undefined, folder: string | undefined): Result<InstancePlace | undefined> {
  if (id === undefined) return ok(undefined);
  const wrong = checkId(id);
  if (wrong !== undefined) return fail(wrong);
  if (folder === undefined) return ok(undefined);
  const path = socketOf({ id, folder });
  const length = Buffer.byteLength(path);
  if (length <= LONGEST_PATH) return ok({ id, folder });
  return fail({
    code: 'usage.runtime-dir',
    summary: 'the path of the control socket is too long',
    detail: `Expected at most ${String(LONGEST_PATH)} bytes, found ${String(length)}: ${path}`,
    fix: 'choose a shorter folder with --runtime-dir',
  });
}
