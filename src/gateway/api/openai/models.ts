/** One entry of `/v1/models`. */
export interface ModelBody {
  readonly id: string;
  readonly object: 'model';
  readonly created: number;
  readonly owned_by: string;
}

/** The entry of an alias; `created` is the time when the gateway began to serve it, in seconds since 1970. */
export function modelBody(id: string, created: number): ModelBody {
  return { id, object: 'model', created, owned_by: 'hxllm' };
}

/** The body of the response to `/v1/models`. */
export function modelsBody(
  ids: Iterable<string>,
  created: number,
): { readonly object: 'list'; readonly data: readonly ModelBody[] } {
  return { object: 'list', data: [...ids].map((id) => modelBody(id, created)) };
}
