import type { ReactNode } from 'react';
import { PageHeading } from '../ui/page-heading.tsx';
import styles from './page.module.css';

export interface PageProps {
  readonly title: string;
  readonly lead?: ReactNode;
  readonly children: ReactNode;
}

/** A page of the account. */
export function Page({ title, lead, children }: PageProps) {
  return (
    <div className={styles.page}>
      <header>
        <PageHeading>{title}</PageHeading>
        {lead && <p className={styles.lead}>{lead}</p>}
      </header>
      {children}
    </div>
  );
}
