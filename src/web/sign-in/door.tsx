import { type ReactNode, useEffect, useRef } from 'react';
import styles from './door.module.css';

export interface DoorProps {
  readonly title: string;
  readonly lead?: ReactNode;
  readonly children: ReactNode;
  /** Where else to go from here, below the card. */
  readonly more?: ReactNode;
}

/** A page of somebody who is not signed in: one thing to do, in the middle. Its heading takes the focus. */
export function Door({ title, lead, children, more }: DoorProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another title is another step, which is read out
  useEffect(() => heading.current?.focus({ preventScroll: true }), [title]);
  return (
    <div className={styles.door}>
      <section className={styles.card}>
        <header>
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
          {lead && <p className={styles.lead}>{lead}</p>}
        </header>
        {children}
      </section>
      {more && <div className={styles.more}>{more}</div>}
    </div>
  );
}

/** The fields of a door, one below the other. */
export function DoorForm({ onSubmit, children }: { readonly onSubmit: () => void; readonly children: ReactNode }) {
  return (
    <form
      className={styles.form}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit();
      }}
    >
      {children}
    </form>
  );
}
