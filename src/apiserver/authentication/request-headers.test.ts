import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bearerToken, type RemoteHeaderNames, remoteUser } from './request-headers.ts';

const names: RemoteHeaderNames = {
  username: ['X-Remote-User', 'X-Other-User'],
  uid: ['X-Remote-Uid'],
  group: ['X-Remote-Group'],
  extraPrefix: ['X-Remote-Extra-'],
};

describe('remoteUser', () => {
  it('reads name, UID, groups and extra', () => {
    const user = remoteUser(
      {
        'x-remote-user': ['alice'],
        'x-remote-uid': ['42'],
        'x-remote-group': ['shop', 'system:authenticated'],
        'x-remote-extra-scopes': ['read', 'write'],
        'x-remote-extra-example.com%2fteam%3aname': ['cart'],
      },
      names,
    );
    expect(user).toEqual({
      name: 'alice',
      uid: '42',
      groups: ['shop', 'system:authenticated'],
      extra: new Map([
        ['scopes', ['read', 'write']],
        ['example.com/team:name', ['cart']],
      ]),
    });
  });

  it('uses the first name and omits empty groups', () => {
    const headers = {
      'x-remote-user': ['', 'ignored'],
      'x-other-user': ['bob', 'carol'],
      'x-remote-group': ['', 'shop'],
    };
    expect(remoteUser(headers, names)).toEqual({ name: 'bob', groups: ['shop'], extra: new Map() });
  });

  it('reads the groups of all group headers, each of which may be repeated', () => {
    const headers = {
      'x-remote-user': ['alice'],
      'x-other-group': ['c'],
      'x-remote-group': ['a', 'b'],
    };
    const user = remoteUser(headers, { ...names, group: ['X-Remote-Group', 'X-Other-Group'] });
    expect(user?.groups).toEqual(['a', 'b', 'c']);
  });

  it('merges the extra fields of all prefixes by key', () => {
    const headers = {
      'x-remote-user': ['alice'],
      'x-remote-extra-scopes': ['read'],
      'x-other-scopes': ['write'],
      'x-unknown-scopes': ['all'],
    };
    const prefixes = ['X-Remote-Extra-', 'X-Other-'];
    const user = remoteUser(headers, { ...names, extraPrefix: prefixes });
    expect(user?.extra).toEqual(new Map([['scopes', ['read', 'write']]]));
  });

  it('does not read headers from the prototype of objects', () => {
    const user = remoteUser({ 'x-remote-user': ['alice'] }, { ...names, group: ['constructor'] });
    expect(user?.groups).toEqual([]);
  });

  it('ignores a header without a value', () => {
    const headers = { 'x-remote-user': ['alice'], 'x-remote-group': undefined };
    expect(remoteUser(headers, names)?.groups).toEqual([]);
  });

  it('returns no user without the header', () => {
    expect(remoteUser({ 'x-remote-group': ['system:masters'] }, names)).toBeUndefined();
    expect(remoteUser({ 'x-remote-user': [''] }, names)).toBeUndefined();
    expect(remoteUser({ 'x-remote-user': ['alice'] }, { ...names, username: [] })).toBeUndefined();
  });

  it('has no UID if the cluster configures no header for it', () => {
    const headers = { 'x-remote-user': ['alice'], 'x-remote-uid': ['42'] };
    expect(remoteUser(headers, { ...names, uid: [] })).not.toHaveProperty('uid');
  });

  it('decodes UTF-8, which Node.js decodes as Latin-1', () => {
    const asReceived = Buffer.from('Zoë', 'utf8').toString('latin1');
    expect(remoteUser({ 'x-remote-user': [asReceived] }, names)?.name).toBe('Zoë');
  });

  it('keeps a key that is not percent-encoded', () => {
    const headers = { 'x-remote-user': ['alice'], 'x-remote-extra-100%': ['yes'] };
    expect(remoteUser(headers, names)?.extra).toEqual(new Map([['100%', ['yes']]]));
  });

  it('returns the values of the headers unchanged', () => {
    const value = fc.string({ minLength: 1, unit: 'grapheme' });
    fc.assert(
      fc.property(value, fc.array(value), fc.string(), (name, groups, key) => {
        const asReceived = (text: string) => Buffer.from(text, 'utf8').toString('latin1');
        const extraKey = key.toLowerCase();
        const headers = Object.fromEntries([
          ['x-remote-user', [asReceived(name)]],
          ['x-remote-group', groups.map(asReceived)],
          [`x-remote-extra-${encodeURIComponent(extraKey).toLowerCase()}`, ['value']],
        ]);
        const expected = { name, groups, extra: new Map([[extraKey, ['value']]]) };
        expect(remoteUser(headers, names)).toEqual(expected);
      }),
    );
  });
});

describe('bearerToken', () => {
  it.each([
    ['Bearer abc', 'abc'],
    ['bearer abc', 'abc'],
    ['  Bearer abc ', 'abc'],
    ['Bearer abc def', 'abc'],
  ])('reads %j', (header, token) => {
    expect(bearerToken(header)).toBe(token);
  });

  it.each([undefined, '', 'Bearer', 'Bearer ', 'Bearer  abc', 'Basic abc', 'abc'])(
    'finds none in %j',
    (header) => {
      expect(bearerToken(header)).toBeUndefined();
    },
  );
});
