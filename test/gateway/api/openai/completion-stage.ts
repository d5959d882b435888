export interface Completion {
  readonly id: string;
  readonly object: string;
  readonly model: string;
  readonly choices: readonly {
    readonly index: number;
    readonly text: string;
    readonly logprobs: object | null;
    readonly finish_reason: string | null;
  }[];
  readonly usage?: object | null;
}

export interface Sent {
  readonly prompt: string;
  readonly [field: string]: unknown;
}

export const line = (response: string, more: object = {}): string =>
  `${JSON.stringify({ model: 'm', response, done: false, ...more })}\n`;

export const DONE = line('', { done: true, done_reason: 'stop', prompt_eval_count: 4, eval_count: 2 });
