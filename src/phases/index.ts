import type { PhaseRecord } from '../core/phase.ts';
import { enforce } from './enforce/index.ts';
import { inventory } from './inventory/index.ts';
import { preflight } from './preflight/index.ts';
import { smoke } from './smoke/index.ts';
import { validate } from './validate/index.ts';

/** The five, in order. */
export const PHASES: readonly PhaseRecord[] = [preflight, inventory, validate, enforce, smoke];
