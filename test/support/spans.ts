/** What stands before the JSON of a span that a traced process prints. */
export const SPAN = 'span: ';
