import { isObject, parseObject } from '../../core/json.ts';
import type { InstanceUnit } from './installation.ts';

const STATES = ['starting', 'standby', 'serving', 'draining'] as const;

/** Reads the lines of the units litellm@N.service, and the states that the instances tell themselves. */
export function readInstanceUnits(lines: readonly (readonly string[])[], told: string): readonly InstanceUnit[] {
  const states = statesOf(told);
  return lines.flatMap(([name = '', active = '', program = '']) =>
    instanceNumber(name).map((number) => {
      const state = STATES.find((one) => one === states.get(name));
      return { number, active, program, ...(state === undefined ? {} : { state }) };
    }),
  );
}

/** The number of an instance by its name, that of its deployment. A person may have started another one by hand. */
export function instanceNumber(name: string): readonly number[] {
  return /^[1-9]\d{0,8}$/.test(name) ? [Number(name)] : [];
}

function statesOf(text: string): ReadonlyMap<string, string> {
  const instances = parseObject(text)?.['instances'];
  if (!Array.isArray(instances)) return new Map();
  return new Map(
    instances.flatMap((each: unknown) => {
      const { instance, state } = isObject(each) ? each : {};
      return typeof instance === 'string' && typeof state === 'string' ? [[instance, state] as const] : [];
    }),
  );
}
