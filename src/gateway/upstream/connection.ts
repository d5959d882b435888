import type { Dispatcher } from 'undici';
import type { Target } from './target.ts';

/** How one server is reached. */
export interface Connection {
  readonly dispatcher: Dispatcher;
  readonly target: Target;
  readonly headers: Readonly<Record<string, string>>;
}
