import { describe, expect, it } from 'vitest';
import { anonymous, type Identity } from '../authentication/user-info.ts';
import { statusOf } from '../status.ts';
import {
  addressFlow,
  createRequestPools,
  createSinglePool,
  type RequestPools,
  userFlow,
} from './request-pools.ts';

const { signal } = new AbortController();

/** A user of the front proxy by default. */
function identityOf(name: string, method: Identity['method'] = 'front_proxy'): Identity {
  return { method, user: { name, groups: [], extra: new Map() } };
}
const stranger: Identity = { method: 'anonymous', user: anonymous };

function poolsOf(sizes: { frontProxy: number; authenticated: number; unproven: number }) {
  const inFlight: Record<string, number> = {};
  const rejected: string[] = [];
  const pools = createRequestPools(sizes, {
    onChange: (pool, count) => {
      inFlight[pool] = count;
    },
    onRejected: (pool, reason) => rejected.push(`${pool} ${reason}`),
  });
  return { pools, inFlight, rejected };
}

/** Whether a request gets its slot: the code of the rejectionReason, else 200. */
function codeOf(take: () => void): number {
  try {
    take();
    return 200;
  } catch (error) {
    return statusOf(error).code;
  }
}

const serve = (pools: RequestPools, identity: Identity, address = '10.0.0.1'): number =>
  codeOf(() => pools.open(address).take(identity));

describe('createRequestPools', () => {
  it('reserves slots for the front proxy', () => {
    const { pools, inFlight, rejected } = poolsOf({
      frontProxy: 2,
      authenticated: 1,
      unproven: 1,
    });
    const codes = [
      serve(pools, stranger, '10.0.0.1'),
      serve(pools, stranger, '10.0.0.2'),
      serve(pools, identityOf('a', 'token')),
      serve(pools, identityOf('b', 'client_certificate')),
      serve(pools, identityOf('autoscaler')),
      serve(pools, identityOf('kubectl')),
      serve(pools, identityOf('other')),
    ];
    expect(codes).toEqual([200, 429, 200, 429, 200, 200, 429]);
    expect(inFlight).toEqual({ front_proxy: 2, authenticated: 1, unproven: 1 });
    expect(rejected).toEqual(['unproven full', 'authenticated full', 'front_proxy full']);
  });

  it('does not let one user of the front proxy use up the slots of others', () => {
    const { pools, rejected } = poolsOf({ frontProxy: 9, authenticated: 1, unproven: 1 });
    const tenant = Array.from({ length: 9 }, (_, i) =>
      serve(pools, identityOf(`system:serviceaccount:shop:${i}`)),
    );
    expect(tenant.filter((code) => code === 200)).toHaveLength(6);
    expect(rejected).toEqual(Array(3).fill('front_proxy flow_limit'));
    expect(serve(pools, identityOf('system:kube-controller-manager'))).toBe(200);
  });

  it('distinguishes anonymous clients by address', () => {
    const { pools } = poolsOf({ frontProxy: 1, authenticated: 1, unproven: 3 });
    const codes = ['10.0.0.1', '10.0.0.1', '10.0.0.1', '10.0.0.2'].map((address) =>
      serve(pools, stranger, address),
    );
    expect(codes).toEqual([200, 200, 429, 200]);
  });

  it('moves a request from the review slot to a slot for serving it', () => {
    const { pools, inFlight } = poolsOf({ frontProxy: 1, authenticated: 1, unproven: 1 });
    const slot = pools.open('10.0.0.1');
    const token = slot.unidentified(signal);
    expect(token).toMatchObject({ pool: 'unproven', flow: 'address 10.0.0.1', signal });
    expect(inFlight).toEqual({});
    token.onWait();
    expect(inFlight).toEqual({ unproven: 1 });
    const bob = identityOf('bob', 'token');
    const access = slot.identified(bob, signal);
    expect(access).toMatchObject({ pool: 'unproven', flow: 'user bob', signal });
    access.onWait();
    access.onWait();
    expect(inFlight).toEqual({ unproven: 1 });
    slot.take(bob);
    expect(inFlight).toEqual({ unproven: 0, authenticated: 1 });
    slot.release();
    slot.release();
    expect(inFlight).toEqual({ unproven: 0, authenticated: 0 });
    expect(codeOf(() => slot.take(bob))).toBe(429);
    expect(inFlight).toEqual({ unproven: 0, authenticated: 0 });
  });

  it('reviews access for requests of the front proxy in their own pool', () => {
    const { pools, inFlight, rejected } = poolsOf({ frontProxy: 1, authenticated: 1, unproven: 1 });
    const hpa = identityOf('hpa');
    const slot = pools.open('10.0.0.1');
    slot.identified(hpa, signal).onWait();
    expect(inFlight).toEqual({ front_proxy: 1 });
    slot.take(hpa);
    expect(inFlight).toEqual({ front_proxy: 1 });
    expect(rejected).toEqual([]);
  });

  it.each(['token', 'client_certificate'] as const)(
    'reviews the access of a user by %s in the pool `unproven`',
    (method) => {
      const { pools } = poolsOf({ frontProxy: 1, authenticated: 1, unproven: 1 });
      const { pool, flow } = pools.open('10.0.0.1').identified(identityOf('bob', method), signal);
      expect([pool, flow]).toEqual(['unproven', 'user bob']);
    },
  );

  it('identifies an anonymous request by its address during the review', () => {
    const { pools } = poolsOf({ frontProxy: 1, authenticated: 1, unproven: 1 });
    const { pool, flow } = pools.open('10.0.0.1').identified(stranger, signal);
    expect([pool, flow]).toEqual(['unproven', 'address 10.0.0.1']);
  });
});

describe('createSinglePool', () => {
  it('gives slots to any request, and reuses a released one', () => {
    const inFlight: unknown[] = [];
    const rejected: unknown[] = [];
    const pools = createSinglePool(3, {
      onChange: (...change) => inFlight.push(change),
      onRejected: (...why) => rejected.push(why),
    });
    const first = pools.open('127.0.0.1');
    first.take(stranger);
    expect([1, 2, 3].map(() => serve(pools, stranger))).toEqual([200, 200, 429]);
    first.release();
    expect(serve(pools, stranger)).toBe(200);
    expect(inFlight.map(String)).toEqual([1, 2, 3, 2, 3].map((count) => `everyone,${count}`));
    expect(rejected).toEqual([['everyone', 'full']]);
  });
});

const flowOf = (name: string): string => userFlow({ name, groups: [], extra: new Map() });

describe('userFlow', () => {
  it.each([
    ['alice', 'user alice'],
    ['system:kube-controller-manager', 'user system:kube-controller-manager'],
    ['system:serviceaccount:shop:web', 'namespace shop'],
    ['system:serviceaccount:shop:db', 'namespace shop'],
    ['system:serviceaccount:shop2:web', 'namespace shop2'],
    [
      'system:serviceaccount:kube-system:horizontal-pod-autoscaler',
      'user system:serviceaccount:kube-system:horizontal-pod-autoscaler',
    ],
    ['system:serviceaccount:shop', 'user system:serviceaccount:shop'],
    ['x:system:serviceaccount:shop:web', 'user x:system:serviceaccount:shop:web'],
  ])('of %s is %s', (name, flow) => {
    expect(flowOf(name)).toBe(flow);
  });

  it('has a limited length', () => {
    expect(flowOf('x'.repeat(60_000))).toHaveLength(256);
  });
});

describe('addressFlow', () => {
  it.each([
    ['10.0.0.7', 'address 10.0.0.7'],
    ['::ffff:10.0.0.7', 'address 10.0.0.7'],
    ['2001:db8:1:2:3:4:5:6', 'address 2001:db8:1:2'],
    ['2001:db8:1:2::9', 'address 2001:db8:1:2'],
    ['2001:db8::9', 'address 2001:db8:0:0'],
    ['fe80::1%eth0', 'address fe80:0:0:0'],
    ['::1', 'address 0:0:0:0'],
    ['::', 'address 0:0:0:0'],
    ['1::', 'address 1:0:0:0'],
    ['nonsense', 'address '],
    [undefined, 'address '],
  ])('of %s is %s', (address, flow) => {
    expect(addressFlow(address)).toBe(flow);
  });

  it('is never that of a user', () => {
    expect(addressFlow('10.0.0.7')).not.toBe(flowOf('10.0.0.7'));
  });
});
