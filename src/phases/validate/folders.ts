import { defaultFolders, pathsOf, type HostConfig } from '../../config/config.ts';
import type { CallOptions, Host } from '../../core/host.ts';
import { randomId } from '../../core/id.ts';
import { inWords } from '../../core/problem.ts';
import { failed, notApplicable, pass, unknown, type Verdict } from '../../core/verdict.ts';
import { ask } from '../../facts/ask.ts';
import { folderObjections } from '../../facts/footprint/folder-objections.ts';
import { footprintQuestion } from '../../facts/footprint/question.ts';
import { copiedPaths, foreignQuestion } from '../../facts/foreign.ts';

/**
 * Judges the folders of the settings by the things in them on the host, as preflight and enforce do: the paths alone do not
 * say whether others use them. Only root may look into every folder; without sudo nothing is judged here.
 */
export async function judgeFolders(
  host: Host,
  { become, settings }: HostConfig,
  options: CallOptions,
): Promise<Verdict> {
  const paths = pathsOf(settings);
  const questions = {
    footprint: footprintQuestion({ ...settings, ...paths, defaults: defaultFolders(settings) }),
    foreign: foreignQuestion(paths, settings),
  };
  const asked = await ask(host, questions, randomId(), { ...options, become });
  if (!asked.ok) return unknown(inWords(asked.problems[0]), asked.problems[0].fix);
  const { footprint, foreign } = asked.value;
  if (!footprint.known) return notApplicable(`preflight and enforce judge them: ${footprint.why}`);
  const copied = foreign.known ? copiedPaths(foreign.value) : [];
  const objection = folderObjections(paths, footprint.value, copied).find(({ refused }) => refused);
  return objection === undefined
    ? pass(`${paths.configDir} and ${paths.installDir}`)
    : failed(objection.wanted, objection.seen, objection.fix);
}
