import type { HostPaths, Settings } from '../config/config.ts';
import type { Rollback } from '../core/deployment-record.ts';
import type { DesiredFile } from './content.ts';
import type { Release } from './release-files.ts';

// Types for `plan`, which does not import config.
export type { HostPaths, Settings };

/** The desired state of a host. */
export interface Desired {
  readonly settings: Settings;
  readonly paths: HostPaths;
  readonly files: readonly DesiredFile[];
  readonly release: Release;
  /** Whether uploads are compressed. */
  readonly compress: boolean;
  /** Set if it is the state of an earlier deployment. */
  readonly rollback?: Rollback;
}
