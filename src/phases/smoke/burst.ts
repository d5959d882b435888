import type { Client } from './client.ts';
import type { Exchange } from './exchange.ts';
import type { Memory, Resident } from './memory.ts';
import { embeddingQuestion, longerChatQuestion } from './questions.ts';
import type { SmokeTarget } from './target.ts';

/** More requests at once would be a load test. */
const LARGEST_BURST = 64;

/** Requests for one alias at the same moment, more than one server's slots; or the reason why none were sent. */
export type Burst =
  | {
      readonly sent: true;
      readonly alias: string;
      /** The servers that had the alias in memory. */
      readonly servers: readonly string[];
      readonly exchanges: readonly Exchange[];
    }
  /** `late`: the time for questions was over before. */
  | { readonly sent: false; readonly why: string; readonly late?: true };

/** The means of sending a burst. */
export interface BurstRound {
  readonly client: Client;
  readonly target: SmokeTarget;
  readonly progress: (text: string) => void;
  readonly isOver: () => boolean;
  readonly memory: Memory | undefined;
}

/** Sends a burst for an alias that `/health` shows in memory on two servers or more. */
export async function sendBurst({ client, target, progress, isOver, memory }: BurstRound): Promise<Burst> {
  const chosen = chooseAlias(target, memory);
  if (!chosen.sent) return chosen;
  if (isOver()) return { sent: false, why: `the burst for ${chosen.alias}`, late: true };
  const { alias, servers, size } = chosen;
  progress(`asking ${alias} ${String(size)} times at once`);
  const question = target.embeddings.includes(alias) ? embeddingQuestion(alias) : longerChatQuestion(alias);
  const exchanges = await Promise.all(Array.from({ length: size }, () => client.ask(question)));
  return { sent: true, alias, servers, exchanges };
}

type Choice =
  | { readonly sent: true; readonly alias: string; readonly servers: readonly string[]; readonly size: number }
  | { readonly sent: false; readonly why: string };

function chooseAlias({ models, embeddings }: SmokeTarget, memory: Memory | undefined): Choice {
  if (memory === undefined) return { sent: false, why: '/health does not show what the servers have in memory' };
  // A chat keeps its slot longer than embeddings do.
  const chatsFirst = (models ?? []).toSorted((a, b) => Number(embeddings.includes(a)) - Number(embeddings.includes(b)));
  const shared = chatsFirst.flatMap((alias) => {
    const residents = memory.get(alias) ?? [];
    return residents.length < 2
      ? []
      : [{ alias, servers: residents.map(({ server }) => server), size: sizeFor(residents) }];
  });
  if (shared.length === 0) return { sent: false, why: 'no alias is in the memory of two servers' };
  const fit = shared.find(({ size }) => size !== undefined && size <= LARGEST_BURST);
  if (fit?.size !== undefined) return { sent: true, alias: fit.alias, servers: fit.servers, size: fit.size };
  const names = shared.map(({ alias }) => alias).join(', ');
  return {
    sent: false,
    why: shared.some(({ size }) => size !== undefined)
      ? `a server has ${String(LARGEST_BURST)} slots or more for ${names}`
      : `the number of slots for ${names} is not known`,
  };
}

/** One request more than any one of the servers has slots; `undefined` if the slots of one of them are not known. */
function sizeFor(residents: readonly Resident[]): number | undefined {
  const slots = residents.map((resident) => resident.slots);
  return slots.every((count) => count !== undefined) ? Math.max(...slots) + 1 : undefined;
}
