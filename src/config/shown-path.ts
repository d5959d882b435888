import { isAbsolute, relative } from 'node:path';

/** A path for messages: relative to `folder` if it is below, otherwise unchanged. */
export function shownPath(path: string, folder: string): string {
  const near = relative(folder, path);
  return near === '' || near.startsWith('..') || isAbsolute(near) ? path : near;
}
