import { type ReactNode, useId } from 'react';
import styles from './card.module.css';

export interface CardProps {
  readonly title: string;
  readonly lead?: ReactNode;
  /** What stands beside the title: a switch, a button. */
  readonly aside?: ReactNode;
  readonly children?: ReactNode;
}

/** A part of a page, with its heading. */
export function Card({ title, lead, aside, children }: CardProps) {
  const id = useId();
  return (
    <section className={styles.card} aria-labelledby={id}>
      <header className={styles.head}>
        <div>
          <h2 id={id}>{title}</h2>
          {lead && <p className={styles.lead}>{lead}</p>}
        </div>
        {aside}
      </header>
      {children}
    </section>
  );
}
