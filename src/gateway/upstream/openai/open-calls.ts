import type { ToolCall } from '../../exchange.ts';

interface Queue {
  readonly calls: ToolCall[];
  next: number;
}

/** Calls that wait for their results, in the order in which they were made. */
export class OpenCalls {
  readonly #byId = new Map<string, ToolCall>();
  /** Open calls by tool name; all of them under no name. */
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

  /** Closes the call with this id. */
  answer(id: string): void {
    const call = this.#byId.get(id);
    if (call !== undefined) this.#answered.add(call);
  }

  /** Closes the first open call, of the tool if one is named, and returns it. */
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
