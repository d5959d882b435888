import type { Message, ToolCall } from '../../exchange.ts';
import type { Content } from './content.ts';

interface Turn {
  thinking: string | undefined;
  said: Content | undefined;
  readonly calls: ToolCall[];
}

/** Puts a conversation together from its items: what the model did in one go, thoughts, text and calls, is one message. */
export class Dialog {
  readonly #messages: Message[] = [];
  /** What each call asks for, by its id. */
  readonly #names = new Map<string, string>();
  #turn: Turn | undefined;

  /** Somebody else than the model has spoken. */
  hear(role: 'system' | 'user', { text, images }: Content): void {
    this.#close();
    this.#messages.push({ role, text, images, thinking: undefined, toolCalls: [], answers: undefined });
  }

  /** The model has thought. */
  think(text: string): void {
    const turn = this.#next();
    turn.thinking = turn.thinking === undefined ? text : `${turn.thinking}\n${text}`;
  }

  /** The model has spoken. */
  speak(said: Content): void {
    this.#next().said = said;
  }

  /** The model has called a tool. */
  call(call: ToolCall): void {
    this.#names.set(call.id, call.name);
    (this.#turn ??= newTurn()).calls.push(call);
  }

  /** The tool has answered. */
  answer(id: string, { text, images }: Content): void {
    this.#close();
    this.#messages.push({
      role: 'tool',
      text,
      images,
      thinking: undefined,
      toolCalls: [],
      answers: { id, name: this.#names.get(id) },
    });
  }

  /** All of it. */
  messages(): readonly Message[] {
    this.#close();
    return this.#messages;
  }

  // Thoughts come before text, and both before calls: after those another turn begins.
  #next(): Turn {
    if (this.#turn !== undefined && (this.#turn.said !== undefined || this.#turn.calls.length > 0)) this.#close();
    return (this.#turn ??= newTurn());
  }

  #close(): void {
    const turn = this.#turn;
    this.#turn = undefined;
    if (turn === undefined) return;
    const { thinking, said, calls } = turn;
    this.#messages.push({
      role: 'assistant',
      text: said?.text ?? '',
      images: said?.images ?? [],
      thinking,
      toolCalls: calls,
      answers: undefined,
    });
  }
}

function newTurn(): Turn {
  return { thinking: undefined, said: undefined, calls: [] };
}
