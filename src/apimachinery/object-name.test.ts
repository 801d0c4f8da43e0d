import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { couldBeObjectName, isDnsLabel, isDnsSubdomain } from './object-name.ts';

const dnsLabel = fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/);

describe('couldBeObjectName', () => {
  it.each([
    'web-7d4b9c6f5d-x2x8z',
    'pay.a',
    'ip-10-0-0-1.eu-west-1.compute.internal',
    'pvc-7c1e6cf2-4a44-4ac1-8d3a-5b8a0dd7e3a1',
    'system:node',
    'system:controller:horizontal-pod-autoscaler',
    'kubeadm:node-proxier',
    'Admin_Role',
    'jane@example.com',
    '2001:db8::1',
    'v1beta1.metrics.k8s.io',
    'a',
    '7',
  ])('%s could', (name) => {
    expect(couldBeObjectName(name)).toBe(true);
  });

  it.each([
    '',
    '.',
    '..',
    '*',
    'cart-*',
    'cart-0|cart-1',
    'ca"rt',
    "ca'rt",
    'ca`rt',
    'cart\\',
    '.+',
    'cart{2}',
    'cart(0)',
    '[a-z]',
    '^cart',
    'cart$',
    'cart?',
    'a b',
    ' ',
    'a\n',
    'a\u0000',
    'café',
    'a/b',
    '%20',
    'a,b',
    'a=b',
    'a#b',
    '<<.Series>>',
  ])('%j could not', (name) => {
    expect(couldBeObjectName(name)).toBe(false);
  });

  it('accepts every DNS subdomain', () => {
    fc.assert(
      fc.property(fc.array(dnsLabel, { minLength: 1, maxLength: 4 }), (labels) => {
        expect(couldBeObjectName(labels.join('.'))).toBe(true);
      }),
    );
  });
});

describe('isDnsLabel', () => {
  it.each([
    ['shop', true],
    ['kube-system', true],
    ['a'.repeat(63), true],
    ['a'.repeat(64), false],
    ['Shop', false],
    ['-shop', false],
    ['shop-', false],
    ['shop.eu', false],
    ['*', false],
    ['shop\n', false],
    ['', false],
  ])('%j: %s', (name, expected) => {
    expect(isDnsLabel(name)).toBe(expected);
  });
});

describe('isDnsSubdomain', () => {
  it.each([
    ['cheese.io', true],
    ['apps', true],
    ['', false],
    ['a..b', false],
    ['.a', false],
    ['../v1', false],
    [`${'a.'.repeat(126)}ab`, false],
  ])('"%s": %s', (name, expected) => {
    expect(isDnsSubdomain(name)).toBe(expected);
  });
});
