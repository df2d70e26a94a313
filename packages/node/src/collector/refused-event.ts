import type { Issue } from '@org/track-core';
import type { QuarantinedEvent } from '../log/accepted-batch.ts';

/** Longest piece of an invalid event that is kept, characters. */
const maxQuarantinedLength = 32 * 1024;

export function reasonOf(issues: readonly Issue[]): string {
  return issues.map(({ path, code, message }) => `${path === '' ? '' : `${path}: `}${message ?? code}`).join('; ');
}

export function toQuarantine(input: unknown, issues: readonly Issue[]): QuarantinedEvent {
  const messageId = messageIdOf(input);
  return { ...(messageId === undefined ? {} : { messageId }), issues, event: jsonTextOf(input) };
}

function jsonTextOf(input: unknown): string {
  try {
    return JSON.stringify(input).slice(0, maxQuarantinedLength);
  } catch {
    return ''; // nested beyond what can be written
  }
}

/** Longer than any valid id: what is no id is not repeated. */
const maxIdLength = 100;

export function messageIdOf(input: unknown): string | undefined {
  const id = (input as { messageId?: unknown } | null)?.messageId;
  return typeof id === 'string' && id !== '' && id.length <= maxIdLength ? id : undefined;
}

/** What may be shown of an event that must not be kept. */
export function nameOnly(input: unknown): unknown {
  if (typeof input !== 'object' || input === null) return {};
  const { type, messageId, event, name } = input as { readonly [key: string]: unknown };
  return { type, messageId, event, name };
}
