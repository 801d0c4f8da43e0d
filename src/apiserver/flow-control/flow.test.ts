import { describe, expect, it } from 'vitest';
import { addressFlow, userFlow } from './flow.ts';

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
