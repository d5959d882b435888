import type { ServerEvent } from '../exchange.ts';
import { isObject } from '../json.ts';

/** A longer text of one event is of several tokens; servers send a token at a time, but hold some back. */
const MAX_TOKEN_LENGTH = 32;
const CHARACTERS_OF_A_TOKEN = 4;

/** The likely number of tokens of one event, for a response that ends before its server has counted them. */
export function tokensIn(event: ServerEvent): number {
  switch (event.kind) {
    case 'text':
      return event.logprobs?.length ?? tokensOf(event.text);
    case 'thinking':
      return tokensOf(event.text);
    case 'tool-call':
      return tokensOf(`${event.call.name}${JSON.stringify(event.call.arguments)}`);
    case 'verbatim':
      return tokensInChunk(event.body);
    case 'vectors':
    case 'end':
    case 'failure':
      return 0;
  }
}

function tokensInChunk({ choices }: Readonly<Record<string, unknown>>): number {
  if (!Array.isArray(choices)) return 0;
  let tokens = 0;
  for (const choice of choices) {
    if (!isObject(choice)) continue;
    const delta = isObject(choice['delta']) ? choice['delta'] : choice;
    for (const name of ['content', 'text', 'reasoning_content', 'reasoning', 'refusal']) {
      const text = delta[name];
      if (typeof text === 'string') tokens += tokensOf(text);
    }
    if (Array.isArray(delta['tool_calls'])) tokens += tokensOf(JSON.stringify(delta['tool_calls']));
  }
  return tokens;
}

function tokensOf({ length }: string): number {
  if (length === 0) return 0;
  return length <= MAX_TOKEN_LENGTH ? 1 : Math.round(length / CHARACTERS_OF_A_TOKEN);
}
