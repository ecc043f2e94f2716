const RETURN_CODE = /^ret_[\w-]{43}$/;
const RECEIPT = /^rcp_[\w-]{43}$/;
const SESSION_TOKEN = /^ses_[\w-]{43}$/;
const ACCESS_TOKEN = /^[\w-]+\.[\w-]+\.[\w-]+$/;
const ACCESS_TOKEN_LENGTH = 4096;
const UUID = /^[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}$/i;

/** Whether a text has the form of a session's token; whether it is one, Doorstep knows. */
export function isSessionToken(text: string): boolean {
  return SESSION_TOKEN.test(text);
}

/** Whether a text has the form of an access token (RFC 9068). */
export function isAccessToken(text: string): boolean {
  return text.length <= ACCESS_TOKEN_LENGTH && ACCESS_TOKEN.test(text);
}

/** Whether a text has the form of the code with which somebody comes back from Doorstep's pages. */
export function isReturnCode(text: string): boolean {
  return RETURN_CODE.test(text);
}

/** Whether a text has the form of the receipt for a verification. */
export function isReceipt(text: string): boolean {
  return RECEIPT.test(text);
}

/** Whether a text has the form of an id. */
export function isId(text: string): boolean {
  return UUID.test(text);
}
