import type { LimitFunction } from 'p-limit';
import type { ApiMessages } from '../protobuf/api-messages.ts';
import { type Content, type Document, freshContent } from './document.ts';
import { encode, encodeInPieces } from './encode.ts';
import { longContent } from './long-content.ts';
import { longListOf } from './long-list.ts';
import { JSON_TYPE, type ObjectMediaType } from './negotiation.ts';

/** The content of a response. */
export interface Answer {
  readonly code: number;
  readonly contentType: string;
  readonly content: Content;
  readonly headers: Readonly<Record<string, string>>;
}

/** The representation of an object. */
export interface AnswerForm {
  readonly mediaType: ObjectMediaType;
  readonly pretty: boolean;
  /** The protobuf messages of its kind; absent for a kind of the server's own. */
  readonly messages?: ApiMessages;
}

export function textAnswer(code: number, contentType: string, text: string): Answer {
  return { code, contentType, content: freshContent(Buffer.from(text)), headers: {} };
}

/** An API object that is created for one request. */
export function objectAnswer(code: number, object: object, form: AnswerForm): Answer {
  const content = freshContent(encode(object, form.mediaType, form.pretty, form.messages));
  return { code, contentType: form.mediaType, content, headers: { Vary: 'Accept' } };
}

/** Options for writing a long list. */
export interface ListWriting {
  /** Whether the client accepts gzip. */
  readonly isCompressed: boolean;
  /** Long lists are written one at a time, as each needs much memory. */
  readonly oneAtATime: LimitFunction;
  /** Ends the writing, also while it waits. */
  readonly signal: AbortSignal;
  /**
   * Counts the memory that is held while the list is written, in bytes. Returns the function that releases
   * it.
   */
  readonly holdMemory: (bytes: number) => () => void;
}

/** An API object whose list may be long: it is then written in slices. */
export async function listAnswer(
  object: object,
  form: AnswerForm,
  { isCompressed, oneAtATime, signal, holdMemory }: ListWriting,
): Promise<Answer> {
  const pieces = encodeInPieces(object, form.mediaType, form.pretty, form.messages);
  if (pieces === undefined) return objectAnswer(200, object, form);
  const release = holdMemory(longListOf(object)?.heldBytes ?? 0);
  try {
    const content = await oneAtATime(async () => {
      signal.throwIfAborted();
      return longContent(pieces, isCompressed, signal);
    });
    return { code: 200, contentType: form.mediaType, content, headers: { Vary: 'Accept' } };
  } finally {
    release();
  }
}

/** An object that has no other representation than JSON. */
export function jsonAnswer(code: number, object: object, pretty: boolean): Answer {
  return objectAnswer(code, object, { mediaType: JSON_TYPE, pretty });
}

/**
 * A document: 304 without a body if the client has it already.
 *
 * @param ifNoneMatch the header If-None-Match
 */
export function documentAnswer(
  document: Document,
  form: AnswerForm,
  ifNoneMatch: string | undefined,
): Answer {
  const headers = { Vary: 'Accept', ETag: document.etag };
  if (ifNoneMatch !== undefined && hasTag(ifNoneMatch, document.etag)) {
    return { code: 304, contentType: form.mediaType, content: nothing, headers };
  }
  const content = document.content(form.mediaType, form.pretty);
  return { code: 200, contentType: form.mediaType, content, headers };
}

const nothing = freshContent(Buffer.alloc(0));

/** RFC 9110, 13.1.2: a list of tags, weak or not, or a star. */
function hasTag(ifNoneMatch: string, etag: string): boolean {
  const tags = ifNoneMatch.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes('*') || tags.includes(etag);
}
