import { expect, it } from 'vitest';
import { createContact } from './contact.ts';

it('contact is lost from the first loss on until something is heard', () => {
  let clock = 100;
  const contact = createContact(() => clock);
  clock = 130;
  expect(contact.lostForMs()).toBe(30);
  contact.heard();
  clock = 200;
  expect(contact.lostForMs()).toBe(0);
  contact.lost();
  clock = 250;
  contact.lost();
  expect(contact.lostForMs()).toBe(50);
});
