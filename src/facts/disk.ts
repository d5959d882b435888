import type { Question } from './question.ts';

/** The free space where a folder is or will be. */
export interface Disk {
  /** The nearest folder that exists. */
  readonly folder: string;
  readonly mount: string;
  readonly availableBytes: number;
}

/** The free space for `path`. If it does not exist yet, its nearest existing parent counts. */
export function diskQuestion(path: string): Question<Disk> {
  return {
    script: `folder=$1
until [ -d "$folder" ]; do folder=$(dirname -- "$folder"); done
printf '%s\\n' "$folder"
df -B1 --output=avail,target -- "$folder" | tail -n 1`,
    arguments: [path],
    as: 'user',
    parse: ({ stdout }) => parseDisk(stdout),
  };
}

/** Parses the folder, and df's available bytes and mount point. */
export function parseDisk(text: string): Disk {
  const [folder, figures = ''] = text.trimEnd().split('\n');
  const [, available, mount] = /^\s*(\d+)\s+(.+)$/.exec(figures) ?? [];
  if (folder === undefined || available === undefined || mount === undefined) throw new Error('df gave no answer');
  return { folder, mount, availableBytes: Number(available) };
}
