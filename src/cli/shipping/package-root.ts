import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The folder that holds package.json: the repository, or the installed package (`dist` has the depth of `src`). */
export const PACKAGE_ROOT = join(import.meta.dirname, '../../..');

/** The parts of package.json that hxllm reads. */
export interface PackageManifest {
  readonly version: string;
  readonly optionalDependencies: Readonly<Record<string, string>>;
}

/** Reads this package's package.json. */
export async function readManifest(): Promise<PackageManifest> {
  // The package's own file, shipped with this code, so its shape is known.
  return JSON.parse(await readFile(join(PACKAGE_ROOT, 'package.json'), 'utf8')) as PackageManifest;
}
