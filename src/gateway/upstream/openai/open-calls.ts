import type { ToolCall } from '../../exchange.ts';

interface Queue {
  readonly calls: ToolCall[];
  next: number;
}

/** Calls that wait for their results, in the order in which they were made. */
export class OpenCalls {
  readonly #byId = new Map<string, ToolCall>();
  /** Those of a tool by its name, and all of them by none. */
  readonly #queues = new Map<string | undefined, Queue>();
  readonly #answered = new Set<ToolCall>();

  add(call: ToolCall): void {
    this.#byId.set(call.id, call);
    for (const key of [call.name, undefined]) {
      const queue = this.#queues.get(key);
      if (queue === undefined) this.#queues.set(key, { calls: [call], next: 0 });
      else queue.calls.push(call);
    }
  }

  /** The call of that id has its result. */
  answer(id: string): void {
    const call = this.#byId.get(id);
    if (call !== undefined) this.#answered.add(call);
  }

  /** The first call, of that tool if one is named, that had no result; it has one now. */
  answerFirst(name: string | undefined): ToolCall | undefined {
    const queue = this.#queues.get(name);
    if (queue === undefined) return undefined;
    for (; queue.next < queue.calls.length; queue.next += 1) {
      const call = queue.calls[queue.next];
      if (call === undefined || this.#answered.has(call)) continue;
      this.#answered.add(call);
      return call;
    }
    return undefined;
  }
}
