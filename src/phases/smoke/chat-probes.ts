import type { Client } from './client.ts';
import type { Exchange } from './exchange.ts';
import { NO_SUCH_MODEL, jsonQuestion, shortQuestion, stopQuestion, unknownModelQuestion } from './questions.ts';
import type { SmokeTarget } from './target.ts';

/** The answers about parameters of a chat; `undefined` where there was nothing to ask, or no time left. */
export interface ChatParameters {
  /** Asked for more text than `max_tokens` allows. */
  readonly short: Exchange | undefined;
  readonly stopped: Exchange | undefined;
  readonly json: Exchange | undefined;
  readonly unknown: Exchange | undefined;
}

/** Nothing was asked. */
export const NO_PARAMETERS: ChatParameters = {
  short: undefined,
  stopped: undefined,
  json: undefined,
  unknown: undefined,
};

/** Asks the chat model for each parameter that clients rely on. */
export async function askParameters(
  client: Client,
  model: string,
  progress: (text: string) => void,
  isOver: () => boolean,
): Promise<ChatParameters> {
  progress(`asking ${model} with max_tokens, stop and JSON mode`);
  const ask = async (question: Parameters<Client['ask']>[0]): Promise<Exchange | undefined> =>
    isOver() ? undefined : await client.ask(question);
  return {
    short: await ask(shortQuestion(model)),
    stopped: await ask(stopQuestion(model)),
    json: await ask(jsonQuestion(model)),
    unknown: await ask(unknownModelQuestion()),
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
