import {
  type AliasEvent,
  EVENT_ID,
  type Event,
  getScalarValue,
  type MappingEvent,
  SCALAR_STYLE,
  type ScalarEvent,
  type SequenceEvent,
} from 'js-yaml';
import { parseLeniently, SyntaxFault } from './flow-indentation.ts';
import { sourceOffset } from './scalar-offset.ts';
import { resolveScalar, type ScalarValue } from './scalar-value.ts';

/** A value with its start offset (from 0, in UTF-16 units). */
export type YamlNode = ScalarNode | SequenceNode | MappingNode;

export interface ScalarNode {
  readonly kind: 'scalar';
  readonly start: number;
  /** Resolved by YAML 1.1: `off` is false. */
  readonly value: ScalarValue;
  /** The value as text: `off` is "off". */
  readonly text: string;
  readonly source: ScalarEvent;
}

export interface SequenceNode {
  readonly kind: 'sequence';
  readonly start: number;
  readonly items: readonly NodeUse[];
}

export interface MappingNode {
  readonly kind: 'mapping';
  readonly start: number;
  /** As written, with duplicate keys and merge keys. */
  readonly entries: readonly MappingEntry[];
}

export interface MappingEntry {
  readonly key: NodeUse;
  /** Whether the key is `<<`. */
  readonly isMerge: boolean;
  readonly value: NodeUse;
}

/** A use of a node: the node itself or an alias. */
export interface NodeUse {
  readonly node: YamlNode;
  /** The start of the use; for an alias, the asterisk. */
  readonly at: number;
}

/** A fault of the YAML text, at an offset. */
export interface DocumentFault {
  readonly severity: 'error' | 'warning';
  readonly offset: number;
  /** A syntax error is the only error. */
  readonly message: string;
}

export interface ParsedDocument {
  /** Undefined for an empty document, and if a fault is an error. */
  readonly root: NodeUse | undefined;
  /** The text of the offsets of nodes: the given text, with some lines indented. */
  readonly text: string;
  /** Converts an offset of `text` to an offset of the given text. */
  originalOffset(offset: number): number;
  readonly faults: readonly DocumentFault[];
}

/** Limits of the size with aliases expanded, far above that of any rules file. */
const LIMITS = { depth: 50, values: 100_000, characters: 4 * 1024 * 1024 };

/** The size of a node with its aliases expanded. */
interface Extent {
  readonly depth: number;
  readonly values: number;
  readonly characters: number;
}

/**
 * Parses the first document of a YAML text and resolves aliases. Duplicate keys are kept for later checks. Never
 * throws.
 */
export function parseDocument(text: string): ParsedDocument {
  const { end, next } = findFirstDocument(text);
  const faults: DocumentFault[] = [];
  if (next !== undefined) {
    faults.push({
      severity: 'warning',
      offset: next,
      message: 'only the first YAML document is used: the rest of the file is ignored',
    });
  }
  try {
    const parsed = parseLeniently(text.slice(0, end), LIMITS.depth);
    const { originalOffset } = parsed;
    try {
      const root = composeDocument(parsed.text, parsed.events);
      return { root, text: parsed.text, originalOffset, faults };
    } catch (error) {
      if (!(error instanceof SyntaxFault)) throw error;
      throw new SyntaxFault(originalOffset(error.offset), error.message);
    }
  } catch (error) {
    if (!(error instanceof SyntaxFault)) throw error;
    faults.push({ severity: 'error', offset: error.offset, message: error.message });
    return { root: undefined, text, originalOffset: (offset) => offset, faults };
  }
}

/** Builds the nodes of the first document from the parser's flat list of events. */
function composeDocument(text: string, events: readonly Event[]): NodeUse | undefined {
  const anchors = new Map<string, YamlNode | 'open'>();
  const extents = new Map<YamlNode, Extent>();
  let next = 0;
  /** The last known offset, for events without one. */
  let lastSeen = 0;

  function compose(event: Event | undefined): NodeUse {
    switch (event?.type) {
      case EVENT_ID.SCALAR:
        return composeScalar(event);
      case EVENT_ID.SEQUENCE:
        return composeSequence(event);
      case EVENT_ID.MAPPING:
        return composeMapping(event);
      case EVENT_ID.ALIAS:
        return resolveAlias(event);
      default:
        throw new SyntaxFault(lastSeen, 'not YAML: a value is expected');
    }
  }

  function composeScalar(event: ScalarEvent): NodeUse {
    const start = startOfScalar(text, event, lastSeen);
    const tag = event.tagStart < 0 ? undefined : text.slice(event.tagStart, event.tagEnd);
    const source = getScalarValue(text, event);
    const resolved = resolveScalar(source, tag, event.style === SCALAR_STYLE.PLAIN);
    if (resolved === undefined) {
      throw new SyntaxFault(start, `the value does not fit its tag ${tag}`);
    }
    lastSeen = Math.max(event.valueEnd, event.tagEnd, event.anchorEnd, lastSeen);
    const node: ScalarNode = { kind: 'scalar', start, ...resolved, source: event };
    extents.set(node, { depth: 1, values: 1, characters: resolved.text.length });
    const anchor = anchorOf(event);
    if (anchor !== undefined) anchors.set(anchor, node);
    return { node, at: start };
  }

  function composeSequence(event: SequenceEvent): NodeUse {
    const anchor = openCollection(event);
    const items: NodeUse[] = [];
    while (!atEnd()) items.push(compose(events[next++]));
    next++;
    return closeCollection({ kind: 'sequence', start: event.start, items }, anchor, items);
  }

  function composeMapping(event: MappingEvent): NodeUse {
    const anchor = openCollection(event);
    const entries: MappingEntry[] = [];
    while (!atEnd()) {
      const keyEvent = events[next];
      const key = compose(events[next++]);
      // A key without a value is reported at the key.
      const value = compose(events[next++]);
      entries.push({ key, isMerge: isMergeKey(keyEvent), value });
    }
    next++;
    const parts = entries.flatMap(({ key, value }) => [key, value]);
    return closeCollection({ kind: 'mapping', start: event.start, entries }, anchor, parts);
  }

  function openCollection(event: SequenceEvent | MappingEvent): string | undefined {
    lastSeen = Math.max(event.start, lastSeen);
    const anchor = anchorOf(event);
    if (anchor !== undefined) anchors.set(anchor, 'open');
    return anchor;
  }

  function closeCollection(
    node: SequenceNode | MappingNode,
    anchor: string | undefined,
    parts: readonly NodeUse[],
  ): NodeUse {
    extents.set(node, extentOf(parts, node.start));
    if (anchor !== undefined) anchors.set(anchor, node);
    return { node, at: node.start };
  }

  function extentOf(parts: readonly NodeUse[], offset: number): Extent {
    let depth = 0;
    let values = 1;
    let characters = 0;
    for (const part of parts) {
      const extent = extents.get(part.node);
      if (extent === undefined) continue;
      depth = Math.max(depth, extent.depth);
      values += extent.values;
      characters += extent.characters;
    }
    const extent = { depth: depth + 1, values, characters };
    if (extent.depth > LIMITS.depth || values > LIMITS.values || characters > LIMITS.characters) {
      throw new SyntaxFault(
        offset,
        `too large once its aliases are replaced: expected at most ${LIMITS.values} values, ${LIMITS.characters} characters and ${LIMITS.depth} levels`,
      );
    }
    return extent;
  }

  function resolveAlias(event: AliasEvent): NodeUse {
    const at = event.anchorStart - 1;
    lastSeen = event.anchorEnd;
    const name = text.slice(event.anchorStart, event.anchorEnd);
    const node = anchors.get(name);
    if (node === undefined) {
      throw new SyntaxFault(at, `the alias *${name} is undefined: no anchor &${name} before`);
    }
    if (node === 'open') {
      throw new SyntaxFault(at, `the alias *${name} is inside its own anchor`);
    }
    return { node, at };
  }

  function isMergeKey(event: Event | undefined): boolean {
    if (event?.type !== EVENT_ID.SCALAR || getScalarValue(text, event) !== '<<') return false;
    if (event.tagStart < 0) return event.style === SCALAR_STYLE.PLAIN;
    return text.slice(event.tagStart, event.tagEnd) === '!!merge';
  }

  function anchorOf(event: { anchorStart: number; anchorEnd: number }): string | undefined {
    return event.anchorStart < 0 ? undefined : text.slice(event.anchorStart, event.anchorEnd);
  }

  function atEnd(): boolean {
    return next >= events.length || events[next]?.type === EVENT_ID.POP;
  }

  const isDocument = events[next++]?.type === EVENT_ID.DOCUMENT;
  return isDocument ? compose(events[next++]) : undefined;
}

/** The opening quote of a quoted scalar, the first line of content of a block. */
function startOfScalar(text: string, event: ScalarEvent, fallback: number): number {
  const { style, valueStart, tagStart, anchorStart } = event;
  if (valueStart < 0) return Math.max(tagStart, anchorStart - 1, fallback);
  switch (style) {
    case SCALAR_STYLE.SINGLE_QUOTED:
    case SCALAR_STYLE.DOUBLE_QUOTED:
      return valueStart - 1;
    case SCALAR_STYLE.LITERAL_BLOCK:
    case SCALAR_STYLE.FOLDED_BLOCK:
      return sourceOffset(text, event, 0);
    default:
      return valueStart;
  }
}

/** The extent of the first document of a YAML stream, by its markers. */
export interface FirstDocument {
  /** The end: the text before this offset contains only the first document. */
  readonly end: number;
  /** The start of the content of a second document, if there is one. */
  readonly next: number | undefined;
}

const BOUNDARY = /^(?:---|\.\.\.)(?=[ \t\r\n]|$)/;

/**
 * Finds the end of the first document. As in go-yaml, which the reference adapter uses, the rest of the
 * text is ignored, even if it has syntax errors.
 *
 * No scalar can contain a line that begins with a document marker, so it is sufficient to check lines.
 */
export function findFirstDocument(text: string): FirstDocument {
  let begun = false;
  let end: number | undefined;
  for (const { 0: line, index } of text.matchAll(/[^\r\n]+/g)) {
    const isBoundary = BOUNDARY.test(line);
    if (end !== undefined) {
      const content = isBoundary ? line.slice(3) : line;
      if (hasContent(content)) return { end, next: index };
    } else if (isBoundary && (begun || line.startsWith('...'))) {
      end = index;
      if (hasContent(line.slice(3))) return { end, next: index };
    } else if (isBoundary || (hasContent(line) && !line.startsWith('%'))) {
      begun = true;
    }
  }
  return { end: end ?? text.length, next: undefined };
}

function hasContent(line: string): boolean {
  return !/^[ \t]*(?:#|$)/.test(line);
}
