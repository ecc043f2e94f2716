/** As a backend's ids are: visible ASCII, compared byte by byte. */
const requestIdForm = /^[!-~]{1,128}$/;

/** Whether it can be a backend's id of a request: nothing was ever started by what cannot, and much of it is no text to PostgreSQL. */
export function isRequestId(text: string): boolean {
  return requestIdForm.test(text);
}
