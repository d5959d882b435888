import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readEnvironmentFile } from '../../core/environment-file.ts';
import { errorCode, errorMessage } from '../../core/error.ts';
import { fail, ok, type Result } from '../../core/problem.ts';
import type { Environment } from '../../schema/environment.ts';

/** The name of the credential with the environment file (`LoadCredential=litellm.env:…`). */
const CREDENTIAL = 'litellm.env';

/**
 * The variables of the process, and those of the environment file that it got: as a credential of systemd, or by `--environment`, where `-`
 * is the standard input. A variable of a file comes before one of the process, as with `EnvironmentFile=`. The variables of the file stay
 * out of the environment of the process, which every program of its user can read.
 */
export async function readEnvironment(process: Environment, given: string | undefined): Promise<Result<Environment>> {
  const folder = process['CREDENTIALS_DIRECTORY'];
  const credential = folder === undefined || folder === '' ? undefined : join(folder, CREDENTIAL);
  const variables: Record<string, string | undefined> = { ...process };
  for (const [file, mayBeMissing] of [
    [credential, true],
    [given, false],
  ] as const) {
    if (file === undefined) continue;
    try {
      // By its descriptor: a path of it would be opened anew, which a file of root does not allow to another user.
      const text = file === '-' ? readFileSync(0, 'utf8') : await readFile(file, 'utf8');
      for (const [name, value] of readEnvironmentFile(text)) variables[name] = value;
    } catch (error) {
      if (mayBeMissing && errorCode(error) === 'ENOENT') continue;
      return fail({
        code: 'config.environment-file',
        summary: 'the environment file cannot be read',
        detail: `Expected a file with lines NAME=value, found: ${errorMessage(error)}.`,
        fix:
          file === credential ? `systemctl cat litellm.service  # LoadCredential=${CREDENTIAL}:FILE` : `ls -l ${file}`,
        where: { file },
      });
    }
  }
  return ok(variables);
}
