import type { Question } from './question.ts';

/** The room where a folder is or would be. */
export interface Disk {
  /** The nearest folder that exists. */
  readonly folder: string;
  readonly mount: string;
  readonly availableBytes: number;
}

/** How much is free where `path` will be; what of it does not exist yet lies in its nearest parent. */
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

/** Reads the folder, and df's available bytes and mount point. */
export function parseDisk(text: string): Disk {
  const [folder, figures = ''] = text.trimEnd().split('\n');
  const [, available, mount] = /^\s*(\d+)\s+(.+)$/.exec(figures) ?? [];
  if (folder === undefined || available === undefined || mount === undefined) throw new Error('df gave no answer');
  return { folder, mount, availableBytes: Number(available) };
}
