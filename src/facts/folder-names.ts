import { decodeBase64, SAY } from './base64.ts';
import type { Question } from './question.ts';

/** The names in folders, at most 200 of each, by the folder's path. A folder that is missing has none. */
export type FolderNames = ReadonlyMap<string, readonly string[]>;

/** Lists the names in folders, hidden ones included. */
export function folderNamesQuestion(folders: readonly string[]): Question<FolderNames> {
  return {
    script: `${SAY}\nfor each; do [ ! -d "$each" ] || say names "$each" "$(ls -A -- "$each/" | head -n 200)"; done\nexit 0`,
    arguments: folders,
    as: 'root',
    parse: ({ stdout }) =>
      new Map(
        stdout
          .split('\n')
          .map((line) => line.trim().split(' '))
          .filter(([word]) => word === 'names')
          .map(([, path = '', names = '']) => [
            decodeBase64(path),
            decodeBase64(names)
              .split('\n')
              .filter((name) => name !== ''),
          ]),
      ),
  };
}
