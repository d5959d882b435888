import { isObject, type Json } from '../../json.ts';

/** Log probabilities as `/v1/completions` has them: four lists side by side, with the place in the text where each token begins, in characters as most languages but this one count them. */
export class LegacyLogprobs {
  #offset: number;

  /** `before`: the text that comes before the first token. */
  constructor(before: string) {
    this.#offset = lengthOf(before);
  }

  /** The lists of some more tokens. */
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
  // The token itself is always among them.
  const all = [...(Array.isArray(top) ? (top as readonly unknown[]) : []), token].filter(isObject); // an array of what is not yet known
  return Object.fromEntries(all.map((one) => [textOf(one), numberOf(one)]));
}

function textOf(token: Json): string {
  return typeof token['token'] === 'string' ? token['token'] : '';
}

function numberOf(token: Json): number | null {
  return typeof token['logprob'] === 'number' ? token['logprob'] : null;
}
