import { decodeBase64 } from './base64.ts';
import type { Question } from './question.ts';

const SCRIPT = `for path; do [ -f "$path" ] && printf '%s %s\\n' "$(printf %s "$path" | base64 -w0)" "$(head -c 262144 -- "$path" | base64 -w0)"; done; exit 0`;

/** The texts of files, by path. Missing files are left out. */
export function contentsQuestion(paths: readonly string[]): Question<ReadonlyMap<string, string>> {
  return {
    script: SCRIPT,
    arguments: paths,
    as: 'root',
    parse: ({ stdout }) =>
      new Map(
        stdout
          .trim()
          .split('\n')
          .filter((line) => line !== '')
          .map((line) => {
            const [path = '', text = ''] = line.split(' ');
            return [decodeBase64(path), decodeBase64(text)] as const;
          }),
      ),
  };
}
