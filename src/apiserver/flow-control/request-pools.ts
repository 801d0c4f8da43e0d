import { isIPv4, isIPv6 } from 'node:net';
import type { Identity, UserInfo } from '../authentication/user-info.ts';
import { tooManyRequests } from '../status.ts';
import { createFairSlots, type FairSlots, type SlotRejection } from './fair-slots.ts';

/**
 * - `front_proxy`: requests with the client certificate of the front proxy;
 * - `authenticated`: other authenticated requests;
 * - `unproven`: anonymous requests, and those that wait for a TokenReview or SubjectAccessReview;
 * - `everyone`: all requests, if there is no authentication.
 */
export type RequestPool = 'front_proxy' | 'authenticated' | 'unproven' | 'everyone';

/** A request that may have to wait for a TokenReview or SubjectAccessReview. */
export interface ReviewCaller {
  /** Which part of the review limit it uses. */
  readonly pool: RequestPool;
  /** Flows of a pool are served round-robin. */
  readonly flow: string;
  /** Aborted when the request no longer needs a response. */
  readonly signal: AbortSignal;
  /**
   * Called before the request waits, so not if the result is cached. Throws if the request must not
   * wait.
   */
  readonly onWait: () => void;
}

/** Limits the number of concurrent requests, in pools that do not affect each other. */
export interface RequestPools {
  /**
   * For a new request.
   *
   * @param address of the client
   */
  open(address: string | undefined): RequestSlot;
}

/**
 * The slot of a request, which has at most one at a time. Taking one throws a Status 429 if none is
 * available.
 */
export interface RequestSlot {
  /**
   * For reviews before the user is known. Takes a slot if the request has to wait for a review.
   *
   * @param signal aborted when the request no longer needs a response
   */
  unidentified(signal: AbortSignal): ReviewCaller;
  /** For reviews after that. Takes a slot if the request has to wait for a review. */
  identified(identity: Identity, signal: AbortSignal): ReviewCaller;
  /** Takes a slot for serving the request, or keeps the current one. */
  take(identity: Identity): void;
  /** The flow of the queries of the request; undefined if users are not authenticated. */
  flowOf(identity: Identity): string | undefined;
  /** Releases the slot, if there is one. No other can be taken afterwards. */
  release(): void;
}

/** Called on every change. */
export interface RequestPoolEvents {
  readonly onChange: (pool: RequestPool, inFlight: number) => void;
  readonly onRejected: (pool: RequestPool, reason: SlotRejection) => void;
}

/** The number of concurrent requests of each pool; Infinity: no limit. */
export interface PoolSizes {
  readonly frontProxy: number;
  readonly authenticated: number;
  readonly unproven: number;
}

/** Which pool a request belongs to. The method is undefined until it is known. */
interface Classification {
  readonly whileReviewed: (method: Identity['method'] | undefined) => RequestPool;
  readonly whileServed: (method: Identity['method']) => RequestPool;
}

/** Pools by authentication method, each divided fairly between its flows. */
export function createRequestPools(sizes: PoolSizes, events: RequestPoolEvents): RequestPools {
  const pools = new Map<RequestPool, FairSlots>([
    ['front_proxy', createFairSlots(sizes.frontProxy)],
    ['authenticated', createFairSlots(sizes.authenticated)],
    ['unproven', createFairSlots(sizes.unproven)],
  ]);
  const byMethod: Classification = {
    whileReviewed: (method) => (method === 'front_proxy' ? 'front_proxy' : 'unproven'),
    whileServed(method) {
      if (method === 'front_proxy') return 'front_proxy';
      return method === 'anonymous' ? 'unproven' : 'authenticated';
    },
  };
  return { open: (address) => openSlot(addressFlow(address), pools, byMethod, events) };
}

/**
 * One pool for all requests, if there is no authentication and thus no users to divide it between.
 *
 * @param most the number of concurrent requests; Infinity: no limit
 */
export function createSinglePool(most: number, events: RequestPoolEvents): RequestPools {
  const slots = createFairSlots(most);
  let requests = 0;
  const eachAlone: FairSlots = {
    take() {
      requests += 1;
      return slots.take(`request ${requests}`);
    },
    get taken() {
      return slots.taken;
    },
  };
  const pools = new Map<RequestPool, FairSlots>([['everyone', eachAlone]]);
  const alike: Classification = { whileReviewed: () => 'everyone', whileServed: () => 'everyone' };
  return {
    open(address) {
      const slot = openSlot(addressFlow(address), pools, alike, events);
      return { ...slot, flowOf: () => undefined };
    },
  };
}

function openSlot(
  sender: string,
  pools: ReadonlyMap<RequestPool, FairSlots>,
  { whileReviewed, whileServed }: Classification,
  events: RequestPoolEvents,
): RequestSlot {
  const held = holdOneSlot(pools, events);
  const flowOf = ({ method, user }: Identity): string =>
    method === 'anonymous' ? sender : userFlow(user);
  const callerIn = (pool: RequestPool, flow: string, signal: AbortSignal): ReviewCaller => {
    return { pool, flow, signal, onWait: () => held.take(pool, flow) };
  };
  return {
    unidentified: (signal) => callerIn(whileReviewed(undefined), sender, signal),
    identified: (identity, signal) =>
      callerIn(whileReviewed(identity.method), flowOf(identity), signal),
    take: (identity) => held.take(whileServed(identity.method), flowOf(identity)),
    flowOf,
    release: held.release,
  };
}

/** When a client that got no slot may retry. */
const RETRY_AFTER_SECONDS = 1;

/** At most one slot in any of the pools. */
interface HeldSlot {
  /** Takes a slot and releases the previous one. */
  take(pool: RequestPool, flow: string): void;
  release(): void;
}

function holdOneSlot(
  pools: ReadonlyMap<RequestPool, FairSlots>,
  { onChange, onRejected }: RequestPoolEvents,
): HeldSlot {
  let held: { readonly pool: RequestPool; readonly flow: string; releaseHeld(): void } | undefined;
  let isReleased = false;

  const releaseHeld = (): void => {
    if (held === undefined) return;
    const { pool } = held;
    held.releaseHeld();
    held = undefined;
    onChange(pool, pools.get(pool)?.taken ?? 0);
  };

  return {
    take(pool, flow) {
      if (held?.pool === pool && held.flow === flow) return;
      // The request's own slot must not be the one that fills its pool.
      if (held?.pool === pool) releaseHeld();
      const slots = pools.get(pool);
      if (isReleased || slots === undefined) throw tooManyRequests(RETRY_AFTER_SECONDS);
      const taken = slots.take(flow);
      if (typeof taken === 'string') {
        onRejected(pool, taken);
        throw tooManyRequests(RETRY_AFTER_SECONDS);
      }
      releaseHeld();
      held = { pool, flow, releaseHeld: taken };
      onChange(pool, slots.taken);
    },
    release() {
      isReleased = true;
      releaseHeld();
    },
  };
}

/**
 * In characters. A front proxy forwards names of any length, and the flow is stored for each slot in
 * use.
 */
const LONGEST_FLOW = 256;

const SERVICE_ACCOUNT = /^system:serviceaccount:([^:]*):/;
const CONTROL_PLANE_NAMESPACE = 'kube-system';

/**
 * The flow of a user's requests. The service accounts of a namespace are one flow, since a user who can
 * create one can create any number. Those of kube-system are separate flows: they are controllers.
 */
export function userFlow({ name }: UserInfo): string {
  const [, namespace] = SERVICE_ACCOUNT.exec(name) ?? [];
  const isTenant = namespace !== undefined && namespace !== CONTROL_PLANE_NAMESPACE;
  const flow = isTenant ? `namespace ${namespace}` : `user ${name}`;
  return flow.slice(0, LONGEST_FLOW);
}

/**
 * The flow of requests of which only the client address is known. An IPv6 /64 network is one flow,
 * since a single host can use any of its addresses.
 */
export function addressFlow(address: string | undefined): string {
  return `address ${address === undefined ? '' : networkOf(address)}`;
}

function networkOf(address: string): string {
  const mapped = address.replace(/^::ffff:/i, '');
  if (isIPv4(mapped)) return mapped;
  if (!isIPv6(address)) return '';
  const [head = '', tail] = (address.split('%')[0] ?? '').split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length;
  const groups = [...before, ...Array<string>(Math.max(0, zeros)).fill('0'), ...after];
  return groups.slice(0, 4).join(':');
}
