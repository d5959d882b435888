import type { HostPaths, Settings } from '../config/config.ts';
import type { DesiredFile } from './content.ts';
import type { Release } from './release-files.ts';

// What plans speak of too; plan knows config through what is rendered of it.
export type { HostPaths, Settings };

/** What a host is to look like. */
export interface Desired {
  readonly settings: Settings;
  readonly paths: HostPaths;
  readonly files: readonly DesiredFile[];
  readonly release: Release;
  /** Whether what is sent is worth packing. */
  readonly compress: boolean;
}
