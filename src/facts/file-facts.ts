import { decodeBase64 } from './base64.ts';
import type { Question } from './question.ts';

/** A file of a host without its text: enough for an auditor to find the copy again, and no secret. */
export interface FileFacts {
  readonly path: string;
  /** In the words of stat(1): `regular file`, `symbolic link` … */
  readonly kind: string;
  readonly sizeBytes: number;
  readonly owner: string;
  readonly group: string;
  /** Octal. */
  readonly mode: string;
  /** Of the file, or of a link's target; absent if it is no file. */
  readonly sha256?: string;
}

// Numeric ids stand where a name is gone.
const SCRIPT = `for path; do
  [ -e "$path" ] || [ -L "$path" ] || continue
  IFS=: read -r size mode owner owners uid gid kind <<< "$(stat -c '%s:%a:%U:%G:%u:%g:%F' -- "$path")"
  [ "$owner" != UNKNOWN ] || owner=$uid; [ "$owners" != UNKNOWN ] || owners=$gid
  sum=; [ ! -f "$path" ] || sum=$(sha256sum < "$path" 2>/dev/null); sum=\${sum%% *}
  printf '%s %s %s %s %s %s %s\\n' "$(printf %s "$path" | base64 -w0)" "$size" "$mode" "$owner" "$owners" "\${sum:--}" "$kind"
done; exit 0`;

/** The facts about files; missing ones are left out. */
export function fileFactsQuestion(paths: readonly string[]): Question<readonly FileFacts[]> {
  return {
    script: SCRIPT,
    arguments: paths,
    as: 'root',
    parse: ({ stdout }) =>
      stdout
        .split('\n')
        .filter((line) => line.trim() !== '')
        .map((line) => {
          const [path = '', size = '', mode = '', owner = '', group = '', sum = '', ...kind] = line.trim().split(' ');
          return {
            path: decodeBase64(path),
            kind: kind.join(' '),
            sizeBytes: Number(size),
            owner,
            group,
            mode,
            ...(sum === '-' ? {} : { sha256: sum }),
          };
        }),
  };
}
