const UUID_LENGTH = 36;
const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Whether an id that a client sent can be one of ours; PostgreSQL would refuse the statement over any other. */
export function isUuid(id: string): boolean {
  return id.length === UUID_LENGTH && uuid.test(id);
}
