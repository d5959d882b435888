import type { Foreign } from '../facts/foreign.ts';
import type { Installation } from '../facts/installation/installation.ts';

/** What a host looks like. */
export interface Actual {
  readonly installation: Installation;
  /** What is to be taken over; empty where nothing foreign is there. */
  readonly foreign: readonly Foreign[];
  /** Names the folder for what is taken over. */
  readonly timestamp: string;
}
