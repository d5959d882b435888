import { anthropicQuestion, ollamaQuestion, toolQuestion, visionQuestion } from './ability-questions.ts';
import type { Client } from './client.ts';
import { describeReply, replyOf, type Exchange } from './exchange.ts';
import { readModelInfo, readShownModel, silentModels, type AliasFacts, type SilentModel } from './model-facts.ts';
import { QUICK_MS } from './questions.ts';
import { isOurs, type SmokeTarget } from './target.ts';

/** The answers of one alias about what it says that it can; `undefined`: it does not say so, or the time was over. */
export interface AbilityAnswers {
  readonly tools: Exchange | undefined;
  readonly vision: Exchange | undefined;
}

/** The chat model in the dialects of other clients; `undefined`: not asked. */
export interface DialectAnswers {
  readonly anthropic: Exchange | undefined;
  readonly ollama: Exchange | undefined;
}

/** No dialect was asked. */
export const NO_DIALECTS: DialectAnswers = { anthropic: undefined, ollama: undefined };

/** The facts of the aliases, and the models that their servers say nothing about. */
export interface FactAnswers {
  readonly facts: ReadonlyMap<string, AliasFacts>;
  readonly silent: readonly SilentModel[];
  /** The reason if hxllm's own gateway gave no answer; another server need not have such a path. */
  readonly lost: string | undefined;
}

/** Asks for the facts of all aliases; of a server without `/model/info`, for those of one model, as Ollama tells them. */
export async function askFacts(client: Client, target: SmokeTarget, model: string | undefined): Promise<FactAnswers> {
  const quick = { below: 'server', key: 'right', timeoutMs: QUICK_MS } as const;
  const exchange = await client.ask({ ...quick, method: 'GET', path: 'model/info' });
  const [facts, silent] = [readModelInfo(exchange), isOurs(target) ? silentModels(exchange) : []];
  const lost = isOurs(target) ? reasonOfLoss(exchange) : undefined;
  if (facts.size > 0 || isOurs(target) || model === undefined) return { facts, silent, lost };
  const shown = readShownModel(await client.ask({ ...quick, method: 'POST', path: 'api/show', body: { model } }));
  return { facts: shown === undefined ? facts : new Map([[model, shown]]), silent, lost };
}

// A gateway of before has no such path.
function reasonOfLoss({ outcome }: Exchange): string | undefined {
  if (!outcome.answered) return outcome.trouble.seen;
  return outcome.reply.status < 500 ? undefined : describeReply(outcome.reply);
}

/** Asks an alias that has just answered, and so is in memory, for what it says that it can. */
export async function askAbilities(
  client: Client,
  alias: string,
  facts: AliasFacts | undefined,
  isOver: () => boolean,
): Promise<AbilityAnswers> {
  const tools = facts?.tools === true && !isOver() ? await client.ask(toolQuestion(alias)) : undefined;
  const vision = facts?.vision === true && !isOver() ? await client.ask(visionQuestion(alias)) : undefined;
  return { tools, vision };
}

/** Asks the chat model in each dialect. Another server that has none of it answers 404, which is no fault. */
export async function askDialects(client: Client, model: string, isOver: () => boolean): Promise<DialectAnswers> {
  const anthropic = isOver() ? undefined : await client.ask(anthropicQuestion(model));
  const ollama = isOver() ? undefined : await client.ask(ollamaQuestion(model));
  return { anthropic, ollama };
}

/** Whether a server has no such path: the answer of one that does not speak a dialect. */
export function hasNoPath(exchange: Exchange): boolean {
  const status = replyOf(exchange)?.status;
  return status === 404 || status === 405 || status === 501;
}
