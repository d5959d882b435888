import type { DeploymentRecord } from '../core/deployment-record.ts';
import type { DropIn } from '../facts/drop-ins/drop-ins.ts';
import type { Foreign } from '../facts/foreign.ts';
import type { Footprint } from '../facts/footprint/footprint.ts';
import type { Installation } from '../facts/installation/installation.ts';

/** The state of a host as it was inspected. */
export interface Actual {
  readonly installation: Installation;
  /** The folders and accounts of this and of former configurations. */
  readonly footprint: Footprint;
  /** Things that will be taken over; empty if nothing is foreign. */
  readonly foreign: readonly Foreign[];
  /** The operator's drop-ins of hxllm's units. */
  readonly dropIns: readonly DropIn[];
  /** Names the folder for what is taken over. */
  readonly timestamp: string;
  /** The origin of a new deployment. */
  readonly origin: Pick<DeploymentRecord, 'at' | 'who' | 'from'>;
}
