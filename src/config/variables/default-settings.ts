import type { Settings } from '../config.ts';
import { Findings } from '../findings.ts';
import { HostVariables } from './reader.ts';
import { readHostSettings } from './settings.ts';

/** The settings of a host without any variable: every default, and neither models, backends nor a key. */
export function defaultSettings(): Settings {
  const findings = new Findings();
  return readHostSettings(new HostVariables({ variables: new Map(), lockedFiles: [] }, findings), findings);
}
