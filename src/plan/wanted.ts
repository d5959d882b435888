import type { HostPaths, Settings } from '../config/config.ts';
import type { Foreign } from '../facts/foreign.ts';
import type { Installation } from '../facts/installation/installation.ts';
import type { WantedFile } from '../render/content.ts';
import type { Release } from '../render/release-files.ts';

/** What a host is to look like. */
export interface Wanted {
  readonly settings: Settings;
  readonly paths: HostPaths;
  readonly files: readonly WantedFile[];
  readonly release: Release;
  /** Whether what is sent is worth packing. */
  readonly compress: boolean;
}

/** What it looks like. */
export interface Seen {
  readonly installation: Installation;
  /** What is to be taken over; empty where nothing foreign is there. */
  readonly foreign: readonly Foreign[];
  /** Names the folder for what is taken over. */
  readonly timestamp: string;
}
