import type { Client, ProbeRequest } from './client.ts';
import { replyOf, type Exchange } from './exchange.ts';
import { QUICK_MS, questionFor } from './questions.ts';
import type { SmokeTarget } from './target.ts';

/** The limit of the key that smoke makes: requests a minute. */
export const KEY_LIMIT = 2;
/** The end of the key's life, for a run that is killed before it has removed the key. */
export const KEY_LIFE = '15m';
/** The answer of a gateway that has no folder for keys. */
export const NO_FOLDER = 501;
/** A gateway that is just being replaced closes connections; a further request then reaches the new one. */
const REMOVALS = 3;

/** The answers about a key that was made for the test. */
export interface KeyAnswers {
  readonly made: Exchange;
  /** One request more than the limit, all at once. */
  readonly uses: readonly Exchange[];
  /** The last request for its removal; `undefined` where nothing was made. */
  readonly removed: Exchange | undefined;
  /** A request with the key after its removal. */
  readonly refused: Exchange | undefined;
}

/** The means of asking about a key. */
export interface KeyRound {
  readonly client: Client;
  readonly target: SmokeTarget;
  /** An alias that has answered. */
  readonly model: string;
  readonly keyAlias: string;
}

/**
 * Makes a key with a limit, sends one request more than that, and removes the key. An interruption ends the requests to the model only:
 * the key is removed after it, too, and by its name, since the answer with the key may be lost.
 */
export async function askKeys(round: KeyRound): Promise<KeyAnswers | undefined> {
  const { client, target, model, keyAlias } = round;
  if (client.isInterrupted) return undefined;
  const body = { key_alias: keyAlias, rpm_limit: KEY_LIMIT, duration: KEY_LIFE };
  const made = await client.ask({ ...administration('key/generate', body), makesKey: true });
  let uses: readonly Exchange[] = [];
  try {
    // All at once: a slow model would let the first of them leave the minute.
    const use: ProbeRequest = { ...questionFor(model, target), key: 'made' };
    if (replyOf(made)?.status === 200)
      uses = await Promise.all(Array.from({ length: KEY_LIMIT + 1 }, () => client.ask(use)));
  } finally {
    // Of an answer other than a refusal it is not known whether the gateway made the key.
    const status = replyOf(made)?.status ?? 0;
    if (status < 400 || (status >= 500 && status !== NO_FOLDER)) await remove(client, keyAlias);
  }
  const removed = client.exchanges.findLast(({ asked }) => asked.url.endsWith('/key/delete'));
  const refused =
    replyOf(removed)?.status === 200 && uses.length > 0
      ? await client.ask({ method: 'GET', path: 'models', key: 'made', timeoutMs: QUICK_MS, uninterrupted: true })
      : undefined;
  return { made, uses, removed, refused };
}

async function remove(client: Client, keyAlias: string): Promise<void> {
  for (let count = 0; count < REMOVALS; count += 1) {
    const reply = replyOf(await client.ask(administration('key/delete', { key_aliases: [keyAlias] })));
    // 404: there is none.
    if (reply !== undefined && reply.status < 500) return;
  }
}

function administration(path: string, body: object): ProbeRequest {
  return { method: 'POST', path, below: 'server', key: 'right', body, timeoutMs: QUICK_MS, uninterrupted: true };
}
