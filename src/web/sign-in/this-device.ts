import type { DeviceInput, Platform } from '../api/operations.ts';

interface UserAgentData {
  readonly platform: string;
  readonly brands: readonly { readonly brand: string }[];
}

const platforms: readonly (readonly [RegExp, Platform, string])[] = [
  [/android/i, 'ANDROID', 'Android'],
  [/iphone|ipad|ipod/i, 'IOS', 'iOS'],
  [/mac/i, 'MACOS', 'macOS'],
  [/win/i, 'WINDOWS', 'Windows'],
  [/linux|cros|x11/i, 'LINUX', 'Linux'],
];

const browsers: readonly (readonly [RegExp, string])[] = [
  [/edg/i, 'Edge'],
  [/opr|opera/i, 'Opera'],
  [/samsungbrowser/i, 'Samsung Internet'],
  [/firefox|fxios/i, 'Firefox'],
  [/chrom|crios/i, 'Chrome'],
  [/safari/i, 'Safari'],
];

/** What this browser says of the device that it runs on: 'Chrome on Linux'. */
export function thisDevice(): DeviceInput {
  const { userAgent } = navigator;
  const { userAgentData } = navigator as Navigator & { readonly userAgentData?: UserAgentData };
  const about = userAgentData ? `${userAgentData.platform} ${userAgent}` : userAgent;
  const [, platform, system] = platforms.find(([pattern]) => pattern.test(about)) ?? [null, 'WEB' as const, null];
  const [, browser] = browsers.find(([pattern]) => pattern.test(userAgent)) ?? [null, 'Browser'];
  return {
    name: system ? `${browser} on ${system}` : browser,
    platform,
    notificationsEnabled: 'Notification' in window && Notification.permission === 'granted',
  };
}
