import { readFile } from 'node:fs/promises';
import { asError } from '../../core/error.ts';
import { fail, ok, type Result } from '../../core/problem.ts';
import { Secret } from '../../core/secret.ts';

/** Reads an API key from a file: its text without surrounding blanks. */
export async function readKeyFile(file: string): Promise<Result<Secret>> {
  const text = await readFile(file, 'utf8').catch(asError);
  if (text instanceof Error)
    return fail({
      code: 'config.key-file',
      summary: 'the key file cannot be read',
      detail: `Expected a file with the API key, found: ${text.message}.`,
      fix: `ls -l ${file}`,
      where: { file },
    });
  const key = text.trim();
  if (key === '' || /\s/.test(key))
    return fail({
      code: 'config.key-file',
      summary: 'the key file does not hold one key',
      detail: `Expected one key and nothing else, found ${key === '' ? 'an empty file' : 'several words'}.`,
      fix: `write only the key into ${file}`,
      where: { file },
    });
  return ok(new Secret(key));
}
