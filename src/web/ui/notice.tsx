import type { ReactNode } from 'react';
import styles from './notice.module.css';

export interface NoticeProps {
  readonly look?: 'info' | 'warn' | 'alarm';
  readonly title?: string;
  readonly children?: ReactNode;
}

/** Something that the person has to know; what goes wrong is read out at once. */
export function Notice({ look = 'info', title, children }: NoticeProps) {
  const names = [styles.notice, look !== 'info' && styles[look]].filter(Boolean).join(' ');
  return (
    <div className={names} role={look === 'alarm' ? 'alert' : 'status'}>
      {title && <p className={styles.title}>{title}</p>}
      {children}
    </div>
  );
}
