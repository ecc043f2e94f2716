import type { AccountRow } from '../accounts/account.entity.js';
import { addressOf } from '../accounts/addresses.js';
import type { ChallengeView, DeliveryView } from '../challenges/challenge-views.js';
import type { SeenDevice } from '../devices/devices.js';

/** The head of a report: what support looks for first. */
export function reportHead(id: string, createdAt: Date, supportContact: string | null): string {
  return section('Support report', [
    ['Id', id],
    ['Created', createdAt.toISOString()],
    ...(supportContact ? [['Send to', supportContact] as const] : []),
  ]);
}

/** What the person who is stuck outside may be told: this challenge, and what this device sent itself. */
export function challengeText({ row, ...view }: ChallengeView): string {
  return [
    section('This request', [
      ['Challenge', row.id],
      ['Purpose', row.purpose],
      ['State', view.state],
      ['Started', row.createdAt.toISOString()],
      ['Ends', row.expiresAt.toISOString()],
      ['Method', row.method],
      ['Other methods', view.availableMethods.filter((method) => method !== row.method).join(', ') || 'none'],
      ['Attempts left', String(view.attemptsRemaining)],
    ]),
    section('This device', [
      ['Name', row.deviceName],
      ['Model', row.deviceModel ?? 'unknown'],
      ['System', `${row.platform} ${row.osVersion ?? '(unknown version)'}`],
      ['App version', row.appVersion ?? 'unknown'],
    ]),
    section('Code deliveries', deliveryLines(view.deliveries)),
  ].join('\n');
}

/** What a signed-in person, and the operator, may see. */
export function accountText(
  account: AccountRow,
  devices: readonly SeenDevice[],
  deliveries: readonly DeliveryView[],
): string {
  return [
    section('Account', [
      ['Address', addressOf(account)],
      ['Since', account.createdAt.toISOString()],
      [
        'Two-step verification',
        account.twoStepEnabledAt ? `on since ${account.twoStepEnabledAt.toISOString()}` : 'off',
      ],
      ['New devices blocked until', account.pausedUntil?.toISOString() ?? 'not blocked'],
      ['Codes by mail held until', account.mailHeldUntil?.toISOString() ?? 'not held'],
      ['Language', account.locale],
    ]),
    ...devices.map(deviceText),
    section('Recent codes', deliveryLines(deliveries)),
  ].join('\n');
}

function deviceText(device: SeenDevice): string {
  return section(`Device: ${device.name}`, [
    ['Model', device.model ?? 'unknown'],
    ['System', `${device.platform} ${device.osVersion ?? '(unknown version)'}`],
    ['App version', device.appVersion ?? 'unknown'],
    ['Trusted', device.isTrusted ? `since ${device.trustedAt?.toISOString()}` : 'no'],
    ['Notifications', device.notificationsEnabled ? 'on' : 'off'],
    ['Push', device.hasPush ? 'on' : 'off'],
    ['Shows codes', device.receivesCodes ? 'yes' : 'no'],
    ['Online', device.isOnline ? 'yes' : 'no'],
    ['Last active', device.lastSeenAt.toISOString()],
  ]);
}

function deliveryLines(deliveries: readonly DeliveryView[]): [string, string][] {
  if (deliveries.length === 0) return [['Deliveries', 'none']];
  return deliveries.map(({ changedAt, method, state, reason, devicesReached, replyCode, enhancedStatus }) => [
    changedAt.toISOString(),
    [
      `${method} ${state}`,
      reason,
      devicesReached === null ? null : `on ${devicesReached} device(s)`,
      replyCode === null ? null : `mail server: ${[replyCode, enhancedStatus].filter(Boolean).join(' ')}`,
    ]
      .filter(Boolean)
      .join(', '),
  ]);
}

/** A heading with `name: value` lines; a value stays on its line, whatever somebody typed. */
function section(title: string, lines: readonly (readonly [string, string])[]): string {
  const body = lines.map(([name, value]) => `${name}: ${value.replace(/\s+/g, ' ')}`);
  return [title.replace(/\s+/g, ' '), ...body, ''].join('\n');
}
