import { readFile } from 'node:fs/promises';
import { asError } from '../../core/error.ts';
import { fail, ok, type Result } from '../../core/problem.ts';
import { Secret } from '../../core/secret.ts';

/** Reads an API key from a file: its text without the blanks around it. */
export async function readKeyFile(file: string): Promise<Result<Secret>> {
  const text = await readFile(file, 'utf8').catch(asError);
  if (text instanceof Error)
    return fail({
      code: 'config.key-file',
      summary: 'the key file cannot be read',
      detail: `Wanted a file that holds the API key; seen: ${text.message}.`,
      fix: `ls -l ${file}`,
      where: { file },
    });
  const key = text.trim();
  if (key === '' || /\s/.test(key))
    return fail({
      code: 'config.key-file',
      summary: 'the key file does not hold one key',
      detail: `Wanted the key and nothing else; seen ${key === '' ? 'an empty file' : 'several words'}.`,
      fix: `write the key alone into ${file}`,
      where: { file },
    });
  return ok(new Secret(key));
}
