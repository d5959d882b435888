import { newCallId } from '../call-id.ts';
import { isObject, parseObject, textOf, type Json } from '../../json.ts';
import type { ToolCall } from '../../exchange.ts';

interface Gathering {
  readonly id: string;
  name: string;
  arguments: string;
}

/** Assembles calls from chunks, of servers that identify a call by index, by id, or not at all. */
export class GatheredCalls {
  readonly #calls: Gathering[] = [];
  /** The last call under each of the server's indexes. */
  readonly #latest = new Map<unknown, Gathering>();

  /** Takes a chunk of the call at an index, or the whole call. */
  take(piece: Json, index: unknown): void {
    const made: Json = isObject(piece['function']) ? piece['function'] : {};
    const call = this.#callOf(textOf(piece, 'id'), index, textOf(made, 'name'));
    const given = made['arguments'];
    if (isObject(given)) call.arguments = JSON.stringify(given);
    else if (typeof given === 'string') call.arguments += given;
  }

  /** The calls, in the order of their first chunks; `undefined` for one whose arguments are not a JSON object. */
  all(): readonly (ToolCall | undefined)[] {
    return this.#calls.map(({ id, name, arguments: text }) => {
      const given = text.trim() === '' || text.trim() === 'null' ? {} : parseObject(text);
      return given === undefined ? undefined : { id: id === '' ? newCallId() : id, name, arguments: given };
    });
  }

  #callOf(id: string, index: unknown, name: string): Gathering {
    const known = id === '' ? undefined : this.#calls.find((call) => call.id === id);
    const latest = known ?? this.#latest.get(index);
    if (latest === undefined || (known === undefined && name !== '' && begins(id, latest)))
      return this.#begin({ id, name, arguments: '' }, index);
    this.#latest.set(index, latest);
    return latest;
  }

  #begin(call: Gathering, index: unknown): Gathering {
    this.#calls.push(call);
    this.#latest.set(index, call);
    return call;
  }
}

// A name under a used index starts another call if an id says so, or if the call before is complete; some servers repeat the name
// in every chunk.
function begins(id: string, latest: Gathering): boolean {
  return id !== '' || parseObject(latest.arguments) !== undefined;
}
