import { type ReactNode, useEffect, useRef } from 'react';
import { PageHeading } from '../ui/page-heading.tsx';
import styles from './door.module.css';

export interface DoorProps {
  readonly title: string;
  readonly lead?: ReactNode;
  readonly children: ReactNode;
  /** Where else to go from here, below the card. */
  readonly more?: ReactNode;
  /** What stands beside the card where there is room, else below it. */
  readonly aside?: ReactNode;
}

/** A page of somebody who is not signed in: one thing to do, in the middle. */
export function Door({ title, lead, children, more, aside }: DoorProps) {
  const door = (
    <div className={styles.door}>
      <section className={styles.card}>
        <header>
          <PageHeading>{title}</PageHeading>
          {lead && <p className={styles.lead}>{lead}</p>}
        </header>
        {children}
      </section>
      {more && <div className={styles.more}>{more}</div>}
    </div>
  );
  if (!aside) return door;
  return (
    <div className={styles.beside}>
      {door}
      {aside}
    </div>
  );
}

export interface DoorFormProps {
  readonly onSubmit: () => void;
  /** What is wrong with its fields; when it changes, the first of them takes the focus. */
  readonly faults?: object;
  readonly children: ReactNode;
}

/** The fields of a door, one below the other. */
export function DoorForm({ onSubmit, faults, children }: DoorFormProps) {
  const form = useRef<HTMLFormElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is wrong shows in the fields, which are read then
  useEffect(() => form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus(), [faults]);
  return (
    <form
      ref={form}
      className={styles.form}
      noValidate
      // An Enter that is held down is one Enter; buttons keep their keys to themselves.
      onKeyDownCapture={(event) => {
        if (event.key === 'Enter' && event.repeat) event.preventDefault();
      }}
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit();
      }}
    >
      {children}
    </form>
  );
}
