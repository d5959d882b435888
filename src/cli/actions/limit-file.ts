import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';

/** Reads the lines of an `@file` of `--limit`; `undefined` if there is no such file. */
export function readLines(cwd: string): (file: string) => Promise<readonly string[] | undefined> {
  return (file) =>
    readFile(resolve(cwd, file), 'utf8').then(
      (text) => text.split('\n'),
      () => undefined,
    );
}
