import { newCallId } from '../call-id.ts';
import { isObject, parseObject, textOf } from '../../json.ts';
import type { ToolCall } from '../../exchange.ts';

/** A piece of text with the log probabilities of its tokens. */
export interface TextPiece {
  readonly text: string;
  readonly tokens: readonly unknown[] | undefined;
}

/** The calls in the grammar of a response. */
export interface CallGrammar {
  /** The tools that may be called. */
  readonly names: readonly string[];
  /** Whether the response may be an answer instead of a call. */
  readonly mayAnswer: boolean;
  /** Whether an object has the keys of a tool's arguments. */
  readonly fits: (name: string, given: Readonly<Record<string, unknown>>) => boolean;
}

/**
 * Collects a response that its grammar makes a call, or a call or an answer, for models whose template does not recognise a call by its
 * JSON. An answer goes on as soon as it is none of the calls.
 */
export class ForcedCall {
  readonly #heads: readonly string[];
  readonly #mayAnswer: boolean;
  #pieces: TextPiece[] = [];
  #text = '';
  /** The text so far without white space outside of strings, as long as it may begin a call. */
  #head = '';
  #inString = false;
  #escaped = false;
  #isCall: boolean | undefined;

  constructor({ names, mayAnswer }: CallGrammar) {
    this.#heads = names.map((name) => `{"name":${JSON.stringify(name)},"arguments":`);
    this.#mayAnswer = mayAnswer;
    if (!mayAnswer) this.#isCall = true;
  }

  /** Takes a piece; returns the pieces that belong to an answer. */
  take(piece: TextPiece): readonly TextPiece[] {
    if (this.#isCall === false) return [piece];
    this.#text += piece.text;
    this.#pieces.push(piece);
    this.#isCall ??= this.#decide(piece.text);
    return this.#isCall === false ? this.rest() : [];
  }

  /** The pieces held back; of a call that was cut off, they are its text. */
  rest(): readonly TextPiece[] {
    const pieces = this.#pieces;
    this.#pieces = [];
    return pieces;
  }

  /** The call, if it is complete. */
  call(): ToolCall | undefined {
    if (this.#isCall === false) return undefined;
    const json = parseObject(this.#text);
    const given = json?.['arguments'];
    const name = json === undefined ? '' : textOf(json, 'name');
    if (!isObject(given)) return undefined;
    if (this.#mayAnswer && !this.#heads.includes(`{"name":${JSON.stringify(name)},"arguments":`)) return undefined;
    return { id: newCallId(), name, arguments: given };
  }

  // Whether the text begins a call; `undefined` if more of it has to come.
  #decide(text: string): boolean | undefined {
    for (const character of text) {
      if (this.#inString || !/\s/.test(character)) this.#head += character;
      if (this.#escaped) this.#escaped = false;
      else if (this.#inString && character === '\\') this.#escaped = true;
      else if (character === '"') this.#inString = !this.#inString;
      if (this.#heads.includes(this.#head)) return true;
      if (!this.#heads.some((head) => head.startsWith(this.#head))) return false;
    }
    return undefined;
  }
}
