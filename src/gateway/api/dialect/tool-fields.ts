import type { Json } from '../../json.ts';

/**
 * The fields of a client's tool that no server here has: calls that run beside the conversation (`async`), a definition that the model
 * gets only after a search (`defer_loading`), callers other than the model (`allowed_callers`), and the shape of a result
 * (`output_schema`). Values that ask for the default are left out.
 */
export function unmetToolFields(tool: Json): readonly string[] {
  const { async, defer_loading: deferred, allowed_callers: callers, output_schema: output } = tool;
  return [
    ...(async === true ? ['async'] : []),
    ...(deferred === true ? ['defer_loading'] : []),
    // The model calls a tool directly, which the list may leave out.
    ...(Array.isArray(callers) && !(callers.length === 1 && callers[0] === 'direct') ? ['allowed_callers'] : []),
    ...(output === undefined || output === null ? [] : ['output_schema']),
  ];
}
