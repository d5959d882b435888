import type { PhaseRecord } from '../core/phase.ts';
import { ENFORCE } from './enforce/index.ts';
import { INVENTORY } from './inventory/index.ts';
import { PREFLIGHT } from './preflight/index.ts';
import { SMOKE } from './smoke/index.ts';
import { VALIDATE } from './validate/index.ts';

/** The five phases, in order. */
export const PHASES: readonly PhaseRecord[] = [PREFLIGHT, INVENTORY, VALIDATE, ENFORCE, SMOKE];
