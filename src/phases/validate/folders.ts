import { pathsOf, type Settings } from '../../config/config.ts';
import { failed, notApplicable, pass, type Verdict } from '../../core/verdict.ts';
import { folderObjections } from '../../facts/footprint/folder-objections.ts';
import { copiedPaths } from '../../facts/foreign.ts';
import type { HostFacts } from './host-facts.ts';

/**
 * Judges the folders of the settings by the things in them on the host, as preflight and enforce do: the paths alone do not
 * say whether others use them. Only root may look into every folder; without sudo nothing is judged here.
 */
export function judgeFolders(settings: Settings, { footprint, foreign }: HostFacts): Verdict {
  const paths = pathsOf(settings);
  if (!footprint.known) return notApplicable(`preflight and enforce judge them: ${footprint.why}`);
  const copied = foreign.known ? copiedPaths(foreign.value) : [];
  const objection = folderObjections(paths, footprint.value, copied).find(({ refused }) => refused);
  return objection === undefined
    ? pass(`${paths.configDir} and ${paths.installDir}`)
    : failed(objection.wanted, objection.seen, objection.fix);
}
