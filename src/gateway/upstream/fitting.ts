import type { Ask, ServerFailure } from '../exchange.ts';

/** Something that a model may be unable to do. `effort`: to think as much as it is told; `images`: to see; `context`: to go on from what is said to have been before. */
export type Lack = 'tools' | 'thinking' | 'effort' | 'images' | 'context';

/** What is asked, as far as a model can do it. */
export interface Fitted {
  readonly asks: Ask;
  /** Parameters that were left out, by their names in the client's dialect. */
  readonly unmet: readonly string[];
}

/** What a refusal says about the model; `undefined` where it says nothing of the kind. */
export function lackIn({ code }: ServerFailure): Lack | undefined {
  if (code === 'tools_not_supported') return 'tools';
  return code === 'reasoning_not_supported' ? 'thinking' : code === 'effort_not_supported' ? 'effort' : undefined;
}

/** The same without a call being enforced, where a server could not make a grammar of what it is to look like; `undefined` where that is not why it refused. */
export function unforced(asks: Ask, { code }: ServerFailure): Ask | undefined {
  if (code !== 'schema_not_supported' || asks.kind !== 'chat' || asks.request.callSchema === undefined)
    return undefined;
  return { kind: 'chat', request: { ...asks.request, callSchema: undefined } };
}

/** Leaves out of what is asked what a model cannot do, or says why that would be no answer; under `strict` it never is. */
export function fit(asks: Ask, lacks: ReadonlySet<Lack>, strict: boolean): Fitted | ServerFailure {
  if (lacks.size === 0 || asks.kind === 'embed') return { asks, unmet: [] };
  const unmet: string[] = [];
  let { thinking } = asks.request;
  if (thinking !== undefined && lacks.has('thinking')) {
    // Not to think is what it does anyway.
    if (thinking !== false) unmet.push(asks.request.thinkingName);
    thinking = undefined;
  } else if (typeof thinking === 'string' && lacks.has('effort')) {
    // It thinks, but as much as it likes.
    thinking = true;
    unmet.push(asks.request.thinkingName);
  }
  if (strict && unmet.length > 0)
    return refusal('reasoning_not_supported', unmet[0] ?? '', 'This model cannot reason as it is asked to.');
  const images =
    asks.kind === 'chat' ? asks.request.messages.flatMap((message) => message.images) : (asks.request.images ?? []);
  if (lacks.has('images') && images.length > 0)
    return refusal(
      'images_not_supported',
      asks.kind === 'chat' ? 'messages' : 'images',
      'This model cannot see images.',
    );
  if (lacks.has('context'))
    return refusal(
      'context_not_known',
      'context',
      'This context was not given by this gateway for this model since its last start. Begin anew without one, or send the conversation to /api/chat.',
    );
  if (asks.kind === 'completion')
    return { asks: { kind: 'completion', request: { ...asks.request, thinking } }, unmet };
  const { request } = asks;
  if (request.tools.length === 0 || !lacks.has('tools'))
    return { asks: { kind: 'chat', request: { ...request, thinking } }, unmet };
  if (request.mustCall || strict)
    return refusal(
      'tools_not_supported',
      request.mustCall ? 'tool_choice' : 'tools',
      'This model knows no tools, so none can be called.',
    );
  return { asks: { kind: 'chat', request: { ...request, thinking, tools: [] } }, unmet: [...unmet, 'tools'] };
}

function refusal(code: string, param: string, message: string): ServerFailure {
  return { kind: 'invalid', code, param, message, fault: 'request' };
}
