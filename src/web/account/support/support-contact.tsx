/** Whom to ask: a link where it is an address of the web or of mail, else as it is. */
export function SupportContact({ contact }: { readonly contact: string }) {
  const href = hrefOf(contact);
  return href ? <a href={href}>{contact}</a> : <span>{contact}</span>;
}

function hrefOf(contact: string): string | null {
  if (/^https?:\/\/\S+$/.test(contact)) return contact;
  return /^[^\s@:/]+@[^\s@:/]+$/.test(contact) ? `mailto:${contact}` : null;
}
