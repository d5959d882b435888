import type { Question } from './question.ts';

/** The free space where a folder is or will be. */
export interface Disk {
  /** The nearest folder that exists. */
  readonly folder: string;
  readonly mount: string;
  readonly availableBytes: number;
  /** Programs there may be run: the file system is not mounted with `noexec`. */
  readonly runsPrograms: boolean;
}

/** The free space for `path`. If it does not exist yet, its nearest existing parent counts. */
export function diskQuestion(path: string): Question<Disk> {
  return {
    script: `folder=$1
until [ -d "$folder" ]; do folder=$(dirname -- "$folder"); done
printf '%s\\n' "$folder"
df -B1 --output=avail,target -- "$folder" | tail -n 1
# proc_mounts(5): the last line of a mount point is the one in force. A blank is \\040; %b takes a digit behind that along, unless
# the number has all of its four digits.
mount=$(df --output=target -- "$folder" | tail -n 1)
while read -r _ at _ options _; do [ "$(printf %b "\${at//\\\\/\\\\0}")" = "$mount" ] && found=$options; done < /proc/self/mounts
printf '%s\\n' "$found"`,
    arguments: [path],
    as: 'user',
    parse: ({ stdout }) => parseDisk(stdout),
  };
}

/** Parses the folder, df's available bytes and mount point, and the options of the mount. */
export function parseDisk(text: string): Disk {
  const [folder, figures = '', options = ''] = text.trimEnd().split('\n');
  const [, available, mount] = /^\s*(\d+)\s+(.+)$/.exec(figures) ?? [];
  if (folder === undefined || available === undefined || mount === undefined) throw new Error('df gave no answer');
  return { folder, mount, availableBytes: Number(available), runsPrograms: !options.split(',').includes('noexec') };
}
