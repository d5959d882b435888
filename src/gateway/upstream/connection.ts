import type { Dispatcher } from 'undici';
import type { Target } from './target.ts';

/** The way to one server. */
export interface Connection {
  readonly dispatcher: Dispatcher;
  readonly target: Target;
  readonly headers: Readonly<Record<string, string>>;
}
