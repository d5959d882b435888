import type { Client } from './client.ts';
import type { Exchange } from './exchange.ts';
import { NO_SUCH_MODEL, jsonQuestion, shortQuestion, stopQuestion, unknownModelQuestion } from './questions.ts';
import type { SmokeTarget } from './target.ts';

/** The answers about parameters of the chat model; `undefined` where there was nothing to ask, or no time left. */
export interface ChatParameters {
  /** Asked for more text than `max_tokens` allows. */
  readonly short: Exchange | undefined;
  readonly unknown: Exchange | undefined;
}

/** The answers of one alias about parameters that depend on its model; `undefined` where no time was left. */
export interface AliasParameters {
  readonly stopped: Exchange | undefined;
  readonly json: Exchange | undefined;
}

/** Nothing was asked. */
export const NO_PARAMETERS: ChatParameters = { short: undefined, unknown: undefined };

/** Asks the chat model for a limit, and for a model that does not exist. */
export async function askParameters(
  client: Client,
  model: string,
  progress: (text: string) => void,
  isOver: () => boolean,
): Promise<ChatParameters> {
  progress(`asking ${model} with max_tokens`);
  return {
    short: isOver() ? undefined : await client.ask(shortQuestion(model)),
    unknown: isOver() ? undefined : await client.ask(unknownModelQuestion()),
  };
}

/** Asks an alias that has just answered, and so is in memory, for a stop sequence and for JSON. */
export async function askAliasParameters(
  client: Client,
  alias: string,
  isOver: () => boolean,
): Promise<AliasParameters> {
  return {
    stopped: isOver() ? undefined : await client.ask(stopQuestion(alias)),
    json: isOver() ? undefined : await client.ask(jsonQuestion(alias)),
  };
}

/** Whether an alias of the configuration stands for any name, so that no model is unknown. */
export function takesAnyName({ models }: SmokeTarget): boolean {
  return (
    models?.some(
      (name) => name === '*' || (name.includes('*') && NO_SUCH_MODEL.startsWith(name.split('*')[0] ?? '')),
    ) ?? false
  );
}
