import type { AttemptResult } from './route/event.ts';
import type { Replica } from './route/replica.ts';
import type { ContextChange } from './scheduler/grown-models.ts';
import type { Listing } from './route/residency.ts';
import type { LoaderOptions } from './scheduler/loader.ts';

/**
 * The reports of a service: a load has ended; a context has grown or gone back; another service replaces it, because a server has other models; a backend
 * is out of use, or has listed its memory.
 */
export interface ServiceListener<Service> {
  readonly onLoaded: (replica: Replica, result: AttemptResult) => void;
  readonly onContext: (change: ContextChange) => void;
  readonly onReplaced: (service: Service) => void;
  readonly onForeignLoad: LoaderOptions['onForeignLoad'];
  readonly onBackendDown: (backend: string) => void;
  readonly onListed: (backend: string, listing: Listing) => void;
}
