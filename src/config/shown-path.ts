import { isAbsolute, relative } from 'node:path';

/** A path as a person types it: relative to `folder` where it lies below, else as it is. */
export function shownPath(path: string, folder: string): string {
  const near = relative(folder, path);
  return near === '' || near.startsWith('..') || isAbsolute(near) ? path : near;
}
