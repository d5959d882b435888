import { isObject, type Json } from '../../json.ts';
import type { ChatRequest, CompletionRequest, ModelRequest, Tool } from '../../exchange.ts';
import type { CallGrammar } from './forced-call.ts';
import { GrammarSchema } from './grammar-schema.ts';

/** The grammar of a response, and the parameters that it holds to only in part, by their names in the client's dialect. */
interface Grammar {
  readonly format: ChatRequest['format'];
  readonly unheld: readonly string[];
}

// A request is asked for both: the body of its request to the server, and the parameters that are named to its client.
const GRAMMARS = new WeakMap<object, Grammar>();

/**
 * The `format` of a request: a schema that llama.cpp can turn into a grammar. A forced call has a grammar of calls; with tools and a
 * response format, one of the calls and of the answer, since Ollama's own grammar of the answer leaves no room for a call.
 */
export function formatBody(request: ChatRequest | CompletionRequest): ChatRequest['format'] {
  return grammarOf(request).format;
}

/** The parameters that Ollama does not hold to, or only in part: keywords of schemas, and `strict` of tools that it may call freely. */
export function unheldParams({ kind, params }: ModelRequest): readonly string[] {
  return kind === 'embed' ? [] : grammarOf(params).unheld;
}

/** The calls in the grammar of a request; `undefined` if it has none. */
export function callsInGrammar(request: ChatRequest): CallGrammar | undefined {
  const { tools, mustCall, format, freeCalls } = request;
  return freeCalls === true || tools.length === 0 || (!mustCall && format === undefined)
    ? undefined
    : {
        names: tools.map(({ name }) => name),
        mayAnswer: !mustCall,
        fits: (name, given) => tools.some((tool) => tool.name === name && fitsTool(tool, given)),
      };
}

const NO_GRAMMAR: Grammar = { format: undefined, unheld: [] };

function grammarOf(request: ChatRequest | CompletionRequest): Grammar {
  // Most requests have neither.
  if (request.format === undefined && !('tools' in request && request.tools.length > 0)) return NO_GRAMMAR;
  const known = GRAMMARS.get(request);
  if (known !== undefined) return known;
  const grammar = 'tools' in request ? chatGrammar(request) : answerGrammar(request);
  GRAMMARS.set(request, grammar);
  return grammar;
}

function answerGrammar({ format, formatName }: ChatRequest | CompletionRequest): Grammar {
  if (!isObject(format)) return { format, unheld: [] };
  const grammar = new GrammarSchema();
  const schema = grammar.finish(grammar.add(format));
  const name = formatName ?? 'response_format';
  // Longer than any grammar may be: the answer is JSON, and no more.
  return schema === undefined ? { format: 'json', unheld: [name] } : { format: schema, unheld: namesOf(grammar, name) };
}

function chatGrammar(request: ChatRequest): Grammar {
  const { tools, mustCall, format, formatName = 'response_format' } = request;
  if (callsInGrammar(request) === undefined) {
    // The server could not make a grammar of the calls: a call that has to be comes without any, an answer with its own.
    const { format: own, unheld } = mustCall ? { format: undefined, unheld: [] } : answerGrammar(request);
    return { format: own, unheld: [...unheld, ...(tools.some(isStrict) ? ['tools.strict'] : [])] };
  }
  const grammar = new GrammarSchema();
  const calls = tools.map((tool) => callSchema(tool, grammar));
  const unheldOfCalls = mustCall || tools.some(isStrict) ? namesOf(grammar, 'tools') : [];
  grammar.unheld.clear();
  const answer = mustCall || format === undefined ? [] : [format === 'json' ? { type: 'object' } : grammar.add(format)];
  const [only, ...others] = [...calls, ...answer];
  const schema = grammar.finish(only === undefined || others.length > 0 ? { anyOf: [...calls, ...answer] } : only);
  // Longer than any grammar may be.
  if (schema === undefined)
    return mustCall ? { format: undefined, unheld: ['tool_choice'] } : withTools(answerGrammar(request));
  return { format: schema, unheld: [...unheldOfCalls, ...namesOf(grammar, mustCall ? 'tools' : formatName)] };
}

// A grammar of the answer alone, which leaves no room for a call.
function withTools({ format, unheld }: Grammar): Grammar {
  return { format, unheld: [...unheld, 'tools'] };
}

function callSchema({ name, definition }: Tool, grammar: GrammarSchema): Json {
  const fn = definition['function'];
  const given = isObject(fn) ? fn['parameters'] : undefined;
  const parameters = isObject(given) ? { ...given, type: 'object' } : { type: 'object', properties: {} };
  return {
    type: 'object',
    properties: { name: { const: name }, arguments: grammar.add(parameters) },
    required: ['name', 'arguments'],
    additionalProperties: false,
  };
}

// Keys beyond the listed ones fit only a tool that lists none.
function fitsTool({ definition }: Tool, given: Json): boolean {
  const fn = definition['function'];
  const parameters = isObject(fn) && isObject(fn['parameters']) ? fn['parameters'] : {};
  const { properties, required } = parameters;
  const names = isObject(properties) ? Object.keys(properties) : [];
  const isListed = names.length === 0 || Object.keys(given).every((key) => names.includes(key));
  return isListed && (!Array.isArray(required) || required.every((name) => Object.hasOwn(given, String(name))));
}

function isStrict({ definition }: Tool): boolean {
  const fn = definition['function'];
  return isObject(fn) && fn['strict'] === true;
}

function namesOf({ unheld }: GrammarSchema, parameter: string): readonly string[] {
  return [...unheld].map((keyword) => `${parameter}.${keyword}`);
}
