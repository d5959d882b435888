import { isObject } from '../../core/json.ts';

/** A model as `/api/tags` and `/api/show` of a server describe it. */
export interface ServedModel {
  readonly name: string;
  /** The SHA-256 of its manifest, in hexadecimal; empty if the server does not say. */
  readonly digest: string;
  readonly sizeBytes: number | undefined;
  /** The longest context that it was trained for, in tokens. */
  readonly trainedContext: number | undefined;
  /** `num_ctx` of its Modelfile. */
  readonly numCtx: number | undefined;
}

/** The models in the body of `/api/tags`, without what only `/api/show` says; `undefined` if the body has another form. */
export function parseTags(document: unknown): readonly ServedModel[] | undefined {
  if (!isObject(document) || !Array.isArray(document['models'])) return undefined;
  return document['models'].flatMap((entry: unknown) => {
    if (!isObject(entry) || typeof entry['name'] !== 'string') return [];
    const { name, digest, size } = entry;
    return [
      {
        name,
        digest: typeof digest === 'string' ? digest : '',
        sizeBytes: typeof size === 'number' ? size : undefined,
        trainedContext: undefined,
        numCtx: undefined,
      },
    ];
  });
}

/** The two lengths of the context in the body of `/api/show`: `model_info.*.context_length`, and `num_ctx` of `parameters`. */
export function parseShow(document: unknown): Pick<ServedModel, 'trainedContext' | 'numCtx'> {
  const body = isObject(document) ? document : {};
  const { model_info: info, parameters } = body;
  const trained = Object.entries(isObject(info) ? info : {}).find(([key]) => key.endsWith('.context_length'))?.[1];
  const numCtx = typeof parameters === 'string' ? /^num_ctx\s+(\d+)\s*$/m.exec(parameters)?.[1] : undefined;
  return {
    trainedContext: typeof trained === 'number' && trained > 0 ? trained : undefined,
    numCtx: numCtx === undefined ? undefined : Number(numCtx),
  };
}

/** The version in the body of `/api/version`. */
export function parseServerVersion(document: unknown): string | undefined {
  return isObject(document) && typeof document['version'] === 'string' ? document['version'] : undefined;
}
