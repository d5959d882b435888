import { isObject } from '../../core/json.ts';
import { Refusal } from '../wire/refusal.ts';

const KINDS = ['error', 'slow-load', 'failed-load', 'stall', 'die', 'cut', 'reset', 'garbage', 'repeat'] as const;

/**
 * A failure on demand.
 * `error`: the answer is `status` (500) with `message`. `slow-load`: a load takes `ms` longer. `failed-load`: it
 * ends with `status` (500) and `message`, and the model is not in memory. `stall`: nothing is sent
 * for `ms`, or until the client leaves. `die`: the model's runner crashes. `cut` and `reset`: the connection ends by
 * FIN or RST. `garbage`: a chunk that is not JSON. `repeat`: the answer ends without `done`, as for a model that
 * repeats itself.
 */
export interface Fault {
  readonly kind: (typeof KINDS)[number];
  /** Restricts the fault to this path (`/api/chat`) and this model (`tiny:latest`). Absent: any path, any model. */
  readonly path?: string;
  readonly model?: string;
  /**
   * Chunks of the answer that are sent before the fault strikes. 0 is before the first byte. An answer with fewer
   * chunks is struck before its end.
   */
  readonly after?: number;
  /** Number of requests that it strikes. 0: every request until the fault is removed. Default: 1. */
  readonly times?: number;
  readonly status?: number;
  readonly message?: string;
  readonly ms?: number;
}

/** Reads a fault from the body of `POST /sim/faults`. Refuses with 400, the expected and the found value. */
export function readFault(body: unknown): Fault {
  if (!isObject(body)) throw new Refusal(400, 'expected an object such as {"kind":"die","after":3}');
  const kind = KINDS.find((one) => one === body['kind']);
  if (kind === undefined)
    throw new Refusal(400, `kind: expected one of ${KINDS.join(', ')}, found ${JSON.stringify(body['kind'])}`);
  const unknown = Object.keys(body).find(
    (key) => !['kind', 'path', 'model', 'after', 'times', 'status', 'message', 'ms'].includes(key),
  );
  if (unknown !== undefined) throw new Refusal(400, `${unknown}: unknown field of a fault`);
  const text = (key: 'path' | 'model' | 'message'): object => pick(body[key], key, 'string');
  const number = (key: 'after' | 'times' | 'status' | 'ms'): object => pick(body[key], key, 'number');
  return {
    kind,
    ...text('path'),
    ...text('model'),
    ...text('message'),
    ...number('after'),
    ...number('times'),
    ...number('status'),
    ...number('ms'),
  };
}

function pick(value: unknown, key: string, expected: 'string' | 'number'): object {
  if (value === undefined) return {};
  if (typeof value !== expected || (typeof value === 'number' && !(value >= 0)))
    throw new Refusal(400, `${key}: expected a ${expected}, found ${JSON.stringify(value)}`);
  return { [key]: value };
}
