import { readFileSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode, errorMessage } from '../../core/error.ts';
import { isObject } from '../../core/json.ts';
import { fail, ok, type Result } from '../../core/problem.ts';
import type { Log } from '../log.ts';

const NAME = 'drained.json';

/** The drained backends: by URL, when each was drained, as ISO 8601. */
export type Drained = ReadonlyMap<string, string>;

/**
 * Reads the drained backends from the state folder; none without a folder or a file. A file that cannot be read is one line of the log, and
 * `undefined`: the caller keeps what it knows.
 */
export function readDrained(folder: string | undefined, log: Log): Drained | undefined {
  if (folder === undefined) return new Map();
  const file = join(folder, NAME);
  try {
    const drained = drainedIn(JSON.parse(readFileSync(file, 'utf8')));
    if (drained !== undefined) return drained;
    log({ event: 'drains-not-read', file, reason: 'expected the document that the gateway writes' });
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return new Map();
    log({ event: 'drains-not-read', file, reason: errorMessage(error) });
  }
  return undefined;
}

function drainedIn(document: unknown): Drained | undefined {
  if (!isObject(document) || !Array.isArray(document['drained'])) return undefined;
  return new Map(
    document['drained'].flatMap((one: unknown) =>
      isObject(one) && typeof one['url'] === 'string' ? [[one['url'], String(one['since'])] as const] : [],
    ),
  );
}

/** Replaces the file, as a whole or not at all. Problem `state.not-written`: a restart would forget the drained backends. */
export async function writeDrained(folder: string | undefined, drained: Drained): Promise<Result<undefined>> {
  const file = join(folder ?? '', NAME);
  const fresh = `${file}.${String(process.pid)}.new`;
  try {
    if (folder === undefined) throw new Error('the gateway has no state folder (hxllm.state_dir, STATE_DIRECTORY)');
    const document = { version: 1, drained: [...drained].map(([url, since]) => ({ url, since })) };
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeFile(fresh, `${JSON.stringify(document, undefined, 2)}\n`, { mode: 0o600, flush: true });
    await rename(fresh, file);
    return ok(undefined);
  } catch (error) {
    await rm(fresh, { force: true }).catch(() => undefined);
    return fail({
      code: 'state.not-written',
      summary: 'the gateway cannot keep which backends are drained',
      detail: `Expected to write ${file}, found: ${errorMessage(error)}. It holds until the gateway is restarted.`,
      fix: `df -h ${folder ?? '/var/lib/litellm'}  # then run the same command again`,
    });
  }
}
