import { pathsOf, type HostConfig } from '../../config/config.ts';
import type { Problem } from '../../core/problem.ts';
import { untakeable } from '../../plan/take-over.ts';
import type { Looked } from './look.ts';

/** Why what is foreign on a host stands in the way; none where nothing is foreign, or all of it can be taken over and that is wanted. */
export function foreignProblems({ target, settings }: HostConfig, { foreign, installation }: Looked, takeOver: boolean): readonly Problem[] {
  const where = { host: target.name };
  const port = `use another port: litellm_port (it is ${String(settings.port)})`;
  const stays = settings.serviceManager === 'process' ? foreign : untakeable(foreign, pathsOf(settings).installDir, installation.entries);
  const blocked = stays.map(
    (one): Problem => ({
      code: 'foreign.not-ours-to-take',
      summary: one.kind === 'process' ? `port ${String(settings.port)} is taken by something else` : `${one.path} is not hxllm’s`,
      detail: `Wanted it free; seen ${one.looksLike}${one.path === '' ? '' : ` (${one.path})`}. hxllm does not touch it, since it could not put it back.`,
      fix: one.kind === 'process' ? `${one.pid === undefined ? '' : `on ${target.name}: kill ${String(one.pid)}; or `}${port}` : `move ${one.path} away, or set another folder in group_vars`,
      where,
    }),
  );
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
