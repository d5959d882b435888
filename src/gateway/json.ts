/** JSON for the rooms of the gateway that may import no other room. */
export { count, isObject, parseJson, parseObject, textOf, type Json } from '../core/json.ts';
