import type { ContentPart, Message, ToolCall } from '../../exchange.ts';

interface Turn {
  thinking: string | undefined;
  content: readonly ContentPart[] | undefined;
  readonly calls: ToolCall[];
}

/**
 * Builds the messages of a conversation from input items. Thinking, text and tool calls of one turn of the model become one
 * message.
 */
export class ConversationBuilder {
  readonly #messages: Message[] = [];
  /** The names of the called tools, by the ids of the calls. */
  readonly #names = new Map<string, string>();
  #turn: Turn | undefined;

  /** Adds a message of the system or the user. */
  addMessage(role: 'system' | 'user', parts: readonly ContentPart[]): void {
    this.#closeTurn();
    this.#messages.push({ role, parts, thinking: undefined, toolCalls: [], answers: undefined });
  }

  /** Adds thinking of the model. */
  addThinking(text: string): void {
    const turn = this.#openTurn();
    turn.thinking = turn.thinking === undefined ? text : `${turn.thinking}\n${text}`;
  }

  /** Adds text of the model. */
  addText(content: readonly ContentPart[]): void {
    this.#openTurn().content = content;
  }

  /** Adds a tool call of the model. */
  addCall(call: ToolCall): void {
    this.#names.set(call.id, call.name);
    (this.#turn ??= newTurn()).calls.push(call);
  }

  /** Adds the output of a tool. */
  addOutput(id: string, parts: readonly ContentPart[]): void {
    this.#closeTurn();
    this.#messages.push({
      role: 'tool',
      parts,
      thinking: undefined,
      toolCalls: [],
      answers: { id, name: this.#names.get(id) },
    });
  }

  /** The messages of the whole conversation. */
  messages(): readonly Message[] {
    this.#closeTurn();
    return this.#messages;
  }

  // The order in a turn is thinking, text, tool calls; thinking or text after text or a call begins a new turn.
  #openTurn(): Turn {
    if (this.#turn !== undefined && (this.#turn.content !== undefined || this.#turn.calls.length > 0))
      this.#closeTurn();
    return (this.#turn ??= newTurn());
  }

  #closeTurn(): void {
    const turn = this.#turn;
    this.#turn = undefined;
    if (turn === undefined) return;
    const { thinking, content, calls } = turn;
    this.#messages.push({
      role: 'assistant',
      parts: content ?? [],
      thinking,
      toolCalls: calls,
      answers: undefined,
    });
  }
}

function newTurn(): Turn {
  return { thinking: undefined, content: undefined, calls: [] };
}
