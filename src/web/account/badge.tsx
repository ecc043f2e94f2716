import styles from './badge.module.css';

export interface BadgeProps {
  readonly look?: 'info' | 'warn' | 'alarm' | 'quiet';
  readonly children: string;
}

/** A mark of a word or two. */
export function Badge({ look = 'info', children }: BadgeProps) {
  return <span className={`${styles.badge} ${styles[look]}`}>{children}</span>;
}
