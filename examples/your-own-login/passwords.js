// Passwords as this shop has always kept them: scrypt, a salt each, the cost beside it.

import { randomBytes, scrypt as scryptOf, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

const scrypt = promisify(scryptOf);
/** OWASP's, with little memory. */
const COST = { N: 2 ** 15, r: 8, p: 3 };
const LENGTH = 32;

export async function hashOf(password) {
  const salt = randomBytes(16);
  return { ...COST, salt: salt.toString('base64'), hash: (await derive(password, salt, COST)).toString('base64') };
}

/** @param kept null: there is no such user, which takes as long to say */
export async function isPassword(password, kept) {
  const { salt, hash, ...cost } = kept ?? (await nobodys);
  const derived = await derive(password, Buffer.from(salt, 'base64'), cost);
  return timingSafeEqual(derived, Buffer.from(hash, 'base64')) && kept !== null;
}

const derive = (password, salt, { N, r, p }) =>
  scrypt(password.normalize('NFC'), salt, LENGTH, { N, r, p, maxmem: 256 * N * r });

const nobodys = hashOf(randomBytes(16).toString('hex'));
