import { useEffect, useRef } from 'react';
import { usePageTitle } from './title.ts';

/** The heading of a page or of a step of it: it names the tab, and takes the focus so that it is read out. */
export function PageHeading({ children }: { readonly children: string }) {
  const heading = useRef<HTMLHeadingElement>(null);
  usePageTitle(children);
  useEffect(() => {
    // Before anybody has done anything there is nothing to lead on from; and a field that asks for it has it already.
    const isTaken = document.activeElement?.closest('main') ?? null;
    if (navigator.userActivation?.hasBeenActive && !isTaken) heading.current?.focus({ preventScroll: true });
  }, []);
  return (
    <h1 ref={heading} tabIndex={-1}>
      {children}
    </h1>
  );
}
