import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The folder that holds package.json: the repository, or the installed package (`dist` has the depth of `src`). */
export const PACKAGE_ROOT = join(import.meta.dirname, '../../..');

/** What this package says of itself. */
export interface PackageManifest {
  readonly version: string;
  readonly optionalDependencies: Readonly<Record<string, string>>;
}

/** Reads this package's package.json. */
export async function readManifest(): Promise<PackageManifest> {
  // Our own file, written by us and shipped with this code.
  return JSON.parse(await readFile(join(PACKAGE_ROOT, 'package.json'), 'utf8')) as PackageManifest;
}
