import { SAY, decodeBase64 } from './base64.ts';
import type { Question } from './question.ts';

/** The file system of a folder that enforce writes to. */
export interface Room {
  readonly path: string;
  /** The nearest folder that exists. */
  readonly folder: string;
  readonly mount: string;
  /** Whether root may write there: not on a file system that is mounted read-only. */
  readonly isWritable: boolean;
  readonly availableBytes: number;
  /** `undefined` on a file system without a table of inodes. */
  readonly freeInodes: number | undefined;
}

// access(2) refuses a file system that is mounted read-only also to root.
const ROOM_SCRIPT = `
${SAY}
for path; do
  folder=$path
  until [ -d "$folder" ]; do folder=$(dirname -- "$folder"); done
  writable=no; [ ! -w "$folder" ] || writable=yes
  IFS=: read -r blocks size free all <<< "$(stat -f -c %a:%S:%d:%c -- "$folder")"
  [ "\${all:-0}" != 0 ] || free=
  say room "$path" "$folder" "$(df --output=target -- "$folder" | tail -n 1)" $writable "$((blocks * size))" "$free"
done
exit 0
`;

/** The file system of each folder. */
export function roomQuestion(paths: readonly string[]): Question<readonly Room[]> {
  return {
    script: ROOM_SCRIPT,
    arguments: paths,
    as: 'root',
    parse: ({ stdout, exitCode }) => {
      if (exitCode !== 0) throw new Error(`the script that reads the file systems exited with ${String(exitCode)}`);
      return stdout
        .split('\n')
        .filter((line) => line.startsWith('room '))
        .map((line) => {
          const [path = '', folder = '', mount = '', writable, bytes, inodes = ''] = line
            .trim()
            .split(' ')
            .slice(1)
            .map(decodeBase64);
          return {
            path,
            folder,
            mount,
            isWritable: writable === 'yes',
            availableBytes: Number(bytes),
            freeInodes: inodes === '' ? undefined : Number(inodes),
          };
        });
    },
  };
}
