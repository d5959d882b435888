import type { HostConfig } from '../../config/config.ts';
import type { Problem } from '../../core/problem.ts';
import { makeWay, untakeable } from '../../facts/untakeable.ts';
import type { HostState } from './host/inspect.ts';

/** The Problems that a foreign installation causes. None if nothing is foreign, or if all of it can be taken over and `takeOver` is set. */
export function foreignProblems(
  { target, settings }: HostConfig,
  { foreign }: HostState,
  takeOver: boolean,
): readonly Problem[] {
  const where = { host: target.name };
  const stays = settings.serviceManager === 'process' ? foreign : untakeable(foreign);
  const blocked = stays.map((one): Problem => ({
    code: 'foreign.not-ours-to-take',
    summary:
      one.kind === 'process'
        ? `port ${String(settings.port)} is in use by another program`
        : `${one.path} was not installed by hxllm`,
    detail: `Expected it to be free, found ${one.looksLike}${one.path === '' ? '' : ` (${one.path})`}. hxllm leaves it alone, since it could not put it back.`,
    fix: makeWay(one, target.name, settings),
    where,
  }));
  if (takeOver || blocked.length > 0 || foreign.length === 0) return blocked;
  return [
    {
      code: 'foreign.found',
      summary: 'the host has an installation that is not hxllm’s',
      detail: foreign.map((one) => `${one.path}: ${one.looksLike}.`).join('\n'),
      fix: 'hxllm enforce --take-over  # keeps a copy, stops and replaces it, and shows how to put it back',
      where,
    },
  ];
}
