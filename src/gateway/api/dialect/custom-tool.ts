import type { Json } from '../../json.ts';

/** A custom tool as a client defines it: a call of it carries free text instead of arguments. */
export interface CustomTool {
  readonly description: string;
  /** The grammar of its input and the syntax that it is written in; empty if the input is any text. */
  readonly grammar: string;
  readonly syntax: string;
}

/**
 * A custom tool as a function with one string argument, without its name. The grammar is added to the description for the model, but it
 * is not enforced.
 */
export function customFunction({ description, grammar, syntax }: CustomTool): Json {
  const texts = [description, grammar === '' ? '' : `The input has to follow this grammar (${syntax}):\n${grammar}`];
  return {
    description: joinedDescription(...texts),
    parameters: {
      type: 'object',
      properties: { input: { type: 'string', description: 'The input, as free text.' } },
      required: ['input'],
    },
  };
}

/** The paragraphs of a description; `undefined` if there is none. */
export function joinedDescription(...texts: readonly string[]): string | undefined {
  const nonEmpty = texts.filter((text) => text !== '');
  return nonEmpty.length === 0 ? undefined : nonEmpty.join('\n\n');
}

/** The free text of a call of a custom tool; its arguments as JSON if the model did not use `input`. */
export function freeText(callArguments: Json): string {
  const { input } = callArguments;
  return typeof input === 'string' ? input : JSON.stringify(callArguments);
}
