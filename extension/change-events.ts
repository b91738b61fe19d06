/** What a client is told after it changed something, so that its other views of the same state are read again. */
import { type Event, InvalidatedEvent, MemoryEvent } from '@vscode/debugadapter';
import { integer, type Json, optionalText, text } from './arguments.ts';

/** Memory that a variable may take up; the client reads again what it shows of it. */
const VARIABLE_BYTES = 16;

/**
 * After setVariable and setExpression.
 * @param body the answer; its memory reference may be what a register now points to, which is read again for nothing
 */
export function changeEvents(body: object, client: Json): Event[] {
  const events: Event[] = [];
  const { memoryReference } = body as { memoryReference?: unknown };
  const reference = optionalText(memoryReference);
  if (client.supportsInvalidatedEvent === true) events.push(new InvalidatedEvent(['variables', 'stacks']));
  if (client.supportsMemoryEvent === true && reference !== undefined)
    events.push(new MemoryEvent(reference, 0, VARIABLE_BYTES));
  return events;
}

/** After writeMemory. Code may have changed, and what lies in memory is shown elsewhere too. */
export function memoryEvents(args: Json, written: number, client: Json): Event[] {
  if (written === 0) return [];
  const events: Event[] = [];
  if (client.supportsMemoryEvent === true)
    events.push(new MemoryEvent(text(args.memoryReference), integer(args.offset), written));
  if (client.supportsInvalidatedEvent === true) events.push(new InvalidatedEvent(['variables', 'stacks']));
  return events;
}
