import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A panel of the board. */
export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string }[];
}

/** The board for Grafana, as far as the tests read it. */
export interface Board {
  readonly id: null;
  readonly uid: string;
  readonly schemaVersion: number;
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly query: string | { readonly query: string } }[];
  };
  readonly panels: readonly Panel[];
}

/** The folder of templates. */
export const TEMPLATES = join(import.meta.dirname, '../../templates');

/** The board of `templates/`. Its shape is tested. */
export function readBoard(): Board {
  return JSON.parse(readFileSync(join(TEMPLATES, 'grafana/hxllm.json'), 'utf8')) as Board;
}
