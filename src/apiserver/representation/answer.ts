import type { LimitFunction } from 'p-limit';
import type { ApiMessages } from '../protobuf/api-messages.ts';
import { type Content, type Document, freshContent } from './document.ts';
import { encode } from './encode.ts';
import { encodeInPieces } from './encode-in-pieces.ts';
import { longContent } from './long-content.ts';
import { longListOf } from './long-list.ts';
import { JSON_TYPE, type ObjectMediaType } from './negotiation.ts';

/** What is sent to a client. */
export interface Answer {
  readonly code: number;
  readonly contentType: string;
  readonly content: Content;
  readonly headers: Readonly<Record<string, string>>;
}

/** What of a request decides about the form of its answer. */
export interface AnswerForm {
  readonly mediaType: ObjectMediaType;
  readonly pretty: boolean;
  /** The protobuf messages of its kind; absent for a kind of the server's own. */
  readonly messages?: ApiMessages;
}

export function textAnswer(code: number, contentType: string, text: string): Answer {
  return { code, contentType, content: freshContent(Buffer.from(text)), headers: {} };
}

/** An API object that is made for this request. */
export function objectAnswer(code: number, object: object, form: AnswerForm): Answer {
  const content = freshContent(encode(object, form.mediaType, form.pretty, form.messages));
  return { code, contentType: form.mediaType, content, headers: { Vary: 'Accept' } };
}

/** How a long list is written. */
export interface ListWriting {
  /** Whether the client reads gzip. */
  readonly isCompressed: boolean;
  /** Long lists are written one at a time, as each needs much memory. */
  readonly oneAtATime: LimitFunction;
  /** Ends the writing, also while it waits for its turn. */
  readonly signal: AbortSignal;
  /** Counts memory that is held meanwhile, in bytes. Returns the function that releases it. */
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

/** JSON, for what has no other representation. */
export function jsonAnswer(code: number, object: object, pretty: boolean): Answer {
  return objectAnswer(code, object, { mediaType: JSON_TYPE, pretty });
}

/**
 * An object that is the same for everybody: 304 without a body where the client has it.
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
