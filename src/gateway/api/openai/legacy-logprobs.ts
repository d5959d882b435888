import { isObject, type Json } from '../../json.ts';

/**
 * Log probabilities in the format of `/v1/completions`: four parallel lists. `text_offset` is the position in the text where each
 * token begins, in Unicode code points as most languages count them, not in UTF-16 units as JavaScript does.
 */
export class LegacyLogprobs {
  #offset: number;

  /** `before`: the text before the first token. */
  constructor(before: string) {
    this.#offset = lengthOf(before);
  }

  /** The lists of the next tokens. */
  body(tokens: readonly unknown[]): Json {
    const lists = {
      tokens: [] as string[],
      token_logprobs: [] as (number | null)[],
      top_logprobs: [] as Json[],
      text_offset: [] as number[],
    };
    for (const token of tokens) {
      if (!isObject(token)) continue;
      const text = textOf(token);
      lists.tokens.push(text);
      lists.token_logprobs.push(numberOf(token));
      lists.top_logprobs.push(topOf(token));
      lists.text_offset.push(this.#offset);
      this.#offset += lengthOf(text);
    }
    return lists;
  }
}

function lengthOf(text: string): number {
  return Array.from(text).length;
}

function topOf(token: Json): Json {
  const top = token['top_logprobs'];
  // The list of alternatives always includes the token itself.
  const all = [...(Array.isArray(top) ? (top as readonly unknown[]) : []), token].filter(isObject); // the elements stay unknown
  return Object.fromEntries(all.map((alternative) => [textOf(alternative), numberOf(alternative)]));
}

function textOf(token: Json): string {
  return typeof token['token'] === 'string' ? token['token'] : '';
}

function numberOf(token: Json): number | null {
  return typeof token['logprob'] === 'number' ? token['logprob'] : null;
}
