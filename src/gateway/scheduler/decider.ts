import type { ServerFailure } from '../exchange.ts';
import type { AttemptResult, Observation, SlotRequest } from '../route/event.ts';

/** Another instance that decides for this one: it hears of everything here that concerns slots. Requests have the ids of this instance. */
export interface Decider {
  /** A request asks for a slot, and waits in the queue until the answer comes. */
  asked(request: string, slotRequest: SlotRequest): void;
  /** Its client has left. */
  left(request: string): void;
  /** The backend of its lease has begun to answer. */
  started(request: string): void;
  /** Its lease has ended. */
  released(request: string, result: AttemptResult, observation: Observation | undefined): void;
  /** A load that this instance has carried out has ended. */
  loaded(replica: string, result: AttemptResult, failure: ServerFailure | undefined): void;
}
