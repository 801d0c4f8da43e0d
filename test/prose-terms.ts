/** A wording that the project does not use, and the standard term for it. */
export interface AvoidedTerm {
  /** Matched regardless of case. A space also matches a line break within a paragraph or a comment. */
  readonly pattern: string;
  readonly instead: string;
}

/**
 * Personifications and idioms, with the terms of the Prometheus and Kubernetes documentation. Add a wording
 * when you find one; `test/prose.test.ts` then reports where it occurs.
 */
export const AVOIDED_TERMS: readonly AvoidedTerm[] = [
  { pattern: 'nobody', instead: 'the case: "no client", "unauthenticated"' },
  { pattern: 'somebody', instead: '"a user", "a client"' },
  { pattern: 'whoever', instead: '"a client that", "everyone who"' },
  { pattern: 'whom', instead: '"the client that"' },
  {
    pattern: 'who (?:asks|comes|sends|waits|gives up|can reach|may)',
    instead: '"the caller", "the client"',
  },
  { pattern: '(?:is|are|was|were|be) told', instead: '"receives", "reports", "logs"' },
  { pattern: '(?:told|tells|tell|telling) (?:of|that|about)', instead: '"reports", "shows"' },
  { pattern: '(?:has|have|had) (?:not )?told', instead: '"has reported", "has finished"' },
  {
    pattern: '(?:is|are|was|were|be|been) (?:not )?asked',
    instead: '"is queried", "is requested", "is sent"',
  },
  { pattern: 'not asked', instead: '"not sent", "rejected"' },
  {
    pattern: '(?:ask|asks|asked|asking) (?:Prometheus|for|of|about)',
    instead: '"queries", "requests"',
  },
  { pattern: 'to be had', instead: '"available"' },
  {
    pattern: '(?:is|are|was|counts as|count as) lost',
    instead: '"unreachable", "unavailable", "closed"',
  },
  { pattern: 'by (?:it|them)sel(?:f|ves)', instead: '"automatically", "alone"' },
  { pattern: 'at one go', instead: '"at once"' },
  { pattern: 'as it came', instead: '"unchanged"' },
  { pattern: 'taken as (?:it is|they are)', instead: '"work unchanged"' },
  { pattern: 'stays? what (?:it is|they are)', instead: '"does not change"' },
  { pattern: 'spoken to', instead: '"the connection to"' },
  { pattern: 'speaks? to', instead: '"connects to"' },
  { pattern: '(?:says?|said) (?:nothing|so)', instead: '"reports", or the effect' },
  { pattern: 'a (?:yes|no) is', instead: '"the decision is allowed / denied"' },
  { pattern: '(?:last|a|the) good (?:one|rules|edit|file)', instead: '"the last valid version"' },
  { pattern: 'is no more', instead: '"no longer exists"' },
  { pattern: 'once more', instead: '"again", "retried"' },
  { pattern: 'anew', instead: '"again"' },
  { pattern: 'takes? turns', instead: '"round-robin"' },
  {
    pattern: '(?:wait|waits|waited|waiting) for (?:its|their) turns?',
    instead: '"wait in the queue"',
  },
  { pattern: 'goes by', instead: '"uses", "depends on"' },
  { pattern: 'shown? (?:itself|its token)', instead: '"presents", "sends"' },
  { pattern: 'signs? of life', instead: '"response"' },
  { pattern: 'last word', instead: '"takes precedence"' },
  { pattern: 'whose (?:size|turn) it', instead: 'the name of the thing' },
  { pattern: '(?:keep|keeps|kept) (?:its|their) size', instead: '"does not scale"' },
  { pattern: 'let (?:him|her|them|it) through', instead: '"allow"' },
  { pattern: 'let through', instead: '"allowed"' },
  { pattern: 'counts? (?:for|as) nothing', instead: '"is ignored"' },
  { pattern: 'that is to say', instead: 'nothing, or "for example"' },
  { pattern: 'remembered', instead: '"cached", "stored"' },
  { pattern: 'found out', instead: '"determined"' },
  { pattern: 'looked at', instead: '"checked", "read"' },
  { pattern: 'in (?:its|their) place', instead: '"instead"' },
  { pattern: 'goes? on', instead: '"continues"' },
  { pattern: 'comes? back', instead: '"recovers", "is available again"' },
  { pattern: 'what (?:came|comes)', instead: '"the response", "the input"' },
  { pattern: 'in vain', instead: '"without success"' },
  { pattern: 'gives? up', instead: '"is aborted", "disconnects"' },
  { pattern: 'no matter (?:what|how|which)', instead: '"regardless of"' },
  { pattern: 'comes? into force', instead: '"takes effect"' },
  { pattern: '(?:is|are) in force', instead: '"is enforced"' },
  { pattern: 'going blind', instead: 'the effect' },
  {
    pattern: '(?:its|their) own patience|own patience',
    instead: '"timeout", "stabilization window"',
  },
  { pattern: 'for ever', instead: '"indefinitely"' },
  { pattern: 'what came of it', instead: '"the result"' },
  { pattern: 'with any success', instead: '"that succeeded"' },
  { pattern: '(?:as|where) it pleases', instead: 'the rule' },
  { pattern: 'is (?:found|made) out', instead: '"is determined"' },
  { pattern: 'gives? (?:it|them|the API) (?:up|free)', instead: '"unregisters", "releases"' },
  { pattern: 'mend(?:s|ed|ing)?', instead: '"fix", "correct"' },
  { pattern: '(?:good|bad) edits?', instead: '"valid change", "invalid change"' },
];

/** Headings that do not say what the section is about. */
export const AVOIDED_HEADINGS: readonly string[] = [
  'The end',
  'And back',
  'Back',
  'Lost',
  'More',
  'See it work',
  'In a safe order',
];
