import type { Client } from './client.ts';
import { backendOf, replyOf, type Exchange } from './exchange.ts';
import { hasInMemory, type Memory } from './memory.ts';
import type { SilentModel } from './model-facts.ts';
import { serverQuestion } from './questions.ts';
import { serversOf, type SmokeTarget } from './target.ts';

/** The answer of a server that was asked by name; `undefined` where the time was over before. */
export interface ServerAnswer {
  readonly server: string;
  readonly alias: string;
  readonly exchange: Exchange | undefined;
}

/** The means of asking servers. */
export interface ServerRound {
  readonly client: Client;
  readonly target: SmokeTarget;
  readonly progress: (text: string) => void;
  readonly note: (text: string) => void;
  /** Whether the time for questions is over. */
  readonly isOver: () => boolean;
  readonly memory: Memory | undefined;
  /** The answer of each alias that was asked without naming a server. */
  readonly aliases: ReadonlyMap<string, Exchange | undefined>;
  /** Models that their servers say nothing about. */
  readonly silent: readonly SilentModel[];
}

/**
 * Asks servers by name: each one until it answered once, with a model that it has in memory if there is one, or each with every one of
 * its aliases; and for each model that it may not have. One after the other, since each may have to load the model first.
 */
export async function askServers(round: ServerRound): Promise<readonly ServerAnswer[]> {
  const { target, aliases } = round;
  const free = [...aliases.values()];
  // A server that names no backend in its answers does not heed the name in a request either.
  if (free.every((exchange) => backendOf(exchange) === undefined)) return [];
  const answers: ServerAnswer[] = [];
  if (target.everyServer === true) round.note(loads(round));
  for (const server of target.backends ?? []) {
    for (const alias of inOrder(server, round)) {
      const done = answers.some((one) => one.server === server && backendOf(one.exchange) === server);
      if (done && target.everyServer !== true) break;
      answers.push({ server, alias, exchange: await askOne(round, server, alias) });
    }
  }
  const isAsked = ({ server, alias }: SilentModel): boolean =>
    answers.some((one) => one.server === server && one.alias === alias);
  const known = (target.backends ?? []).map(plainUrl);
  for (const { alias, server } of round.silent) {
    const named = target.backends?.[known.indexOf(plainUrl(server))];
    if (named === undefined || target.models?.includes(alias) !== true || isAsked({ alias, server: named })) continue;
    answers.push({ server: named, alias, exchange: await askOne(round, named, alias) });
  }
  return answers;
}

function plainUrl(url: string): string {
  return url.replace(/\/+$/, '');
}

async function askOne(
  { client, target, progress, isOver }: ServerRound,
  server: string,
  alias: string,
): Promise<Exchange | undefined> {
  if (isOver()) return undefined;
  progress(`asking ${alias} of ${server}`);
  return client.ask({ ...serverQuestion(alias, target), backend: server });
}

/** The aliases of a server: in its memory first, then those that answered before. */
function inOrder(server: string, { target, memory, aliases }: ServerRound): readonly string[] {
  const rank = (alias: string): number =>
    (hasInMemory(memory, alias, server) ? 0 : 2) + (replyOf(aliases.get(alias))?.status === 200 ? 0 : 1);
  return (target.models ?? [])
    .filter((alias) => serversOf(target, alias).includes(server))
    .toSorted((a, b) => rank(a) - rank(b));
}

function loads({ target, memory }: ServerRound): string {
  const loaded = (target.backends ?? []).flatMap((server) =>
    (target.models ?? [])
      .filter((alias) => serversOf(target, alias).includes(server) && !hasInMemory(memory, alias, server))
      .map((alias) => `  ${server}: ${alias}`),
  );
  return loaded.length === 0
    ? '--every-server loads nothing: every alias is in the memory of each of its servers'
    : `--every-server loads what is not in memory, and may push other models out:\n${loaded.join('\n')}`;
}
