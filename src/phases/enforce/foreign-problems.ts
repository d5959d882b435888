import { pathsOf, type HostConfig } from '../../config/config.ts';
import type { Problem } from '../../core/problem.ts';
import { shellLine } from '../../core/shell.ts';
import type { Foreign } from '../../facts/foreign.ts';
import { untakeable } from '../../plan/take-over.ts';
import type { HostState } from '../host/inspect.ts';

/** Why what is foreign on a host stands in the way; none where nothing is foreign, or all of it can be taken over and that is wanted. */
export function foreignProblems(
  { target, settings }: HostConfig,
  { foreign, installation }: HostState,
  takeOver: boolean,
): readonly Problem[] {
  const where = { host: target.name };
  const stays =
    settings.serviceManager === 'process'
      ? foreign
      : untakeable(foreign, pathsOf(settings).installDir, installation.entries);
  const blocked = stays.map((one): Problem => ({
    code: 'foreign.not-ours-to-take',
    summary:
      one.kind === 'process'
        ? `port ${String(settings.port)} is taken by something else`
        : `${one.path} is not hxllm’s`,
    detail: `Wanted it free; seen ${one.looksLike}${one.path === '' ? '' : ` (${one.path})`}. hxllm does not touch it, since it could not put it back.`,
    fix: makeWay(one, target.name),
    where,
  }));
  if (takeOver || blocked.length > 0 || foreign.length === 0) return blocked;
  return [
    {
      code: 'foreign.found',
      summary: 'something is there that hxllm did not install',
      detail: foreign.map((one) => `${one.path}: ${one.looksLike}.`).join('\n'),
      fix: 'hxllm enforce --take-over  # keeps a copy, stops and replaces it, and says how to put it back',
      where,
    },
  ];
}

function makeWay({ kind, path, pid }: Foreign, host: string): string {
  if (kind !== 'process')
    return `${shellLine(['mv', path, `${path}.foreign`])}  # on ${host}; or set another folder in group_vars`;
  const port = 'set another litellm_port in group_vars';
  return pid === undefined ? port : `kill ${String(pid)}  # on ${host}; or ${port}`;
}
