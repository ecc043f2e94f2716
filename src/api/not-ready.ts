/** Why this process cannot do its work now, in words for whoever runs it: they stand in the answer of `/readyz`. */
export class NotReady extends Error {
  override readonly name = 'NotReady';
}
