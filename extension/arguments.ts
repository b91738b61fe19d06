/**
 * A client's arguments are JSON from outside: these readers answer a value of the right type or a
 * default, so that no message can bring a handler down.
 */
import { RequestError } from './protocol-error.ts';

export type Json = { readonly [field: string]: unknown };

export function asObject(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

export function asArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function text(value: unknown, otherwise = ''): string {
  return typeof value === 'string' ? value : otherwise;
}

/** Undefined when absent or empty. */
export function optionalText(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value : undefined;
}

/** A whole number; the default when it is something else. */
export function integer(value: unknown, otherwise = 0): number {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : otherwise;
}

export function required(value: unknown, name: string): string {
  if (typeof value !== 'string') throw new RequestError(`the request needs ${name}`);
  return value;
}
