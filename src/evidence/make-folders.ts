import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { errorCode } from '../core/error.ts';

/**
 * Creates a folder and those above it; returns the uppermost that it made. Throws an error of the system. A recursive mkdir of Node.js 24
 * never ends below a folder that takes no entries, such as /proc, and no signal ends it.
 */
export function makeFolders(path: string, mode?: number): string | undefined {
  if (existsSync(path)) return undefined;
  const above = makeFolders(dirname(path), mode);
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    // Another process made it meanwhile, or a file or a link is there: the next step tells.
    if (errorCode(error) !== 'EEXIST') throw error;
    return above;
  }
  return above ?? path;
}
