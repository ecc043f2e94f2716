/** Why a start is not possible, in a sentence for the person who tried, with what to do about it. */
export class StartFault extends Error {}
