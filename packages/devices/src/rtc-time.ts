/** The calendar of the MC146818A: its register formats (binary or BCD, 24 or 12 hours) and its alarm, as functions of the bytes. */

/** Bytes and bits used here; see `rtc.ts` for the whole register file. */
const At = { SECONDS: 0, MINUTES: 2, HOURS: 4, WEEKDAY: 6, DAY: 7, MONTH: 8, YEAR: 9, B: 0x0b, CENTURY: 0x32, CENTURY_PS2: 0x37 } as const;
const Alarm = { SECONDS: 1, MINUTES: 3, HOURS: 5 } as const;
const B_H24 = 2;
const B_BINARY = 4;
const PM = 0x80;
/** An alarm byte with both top bits set matches any value. */
const ANY = 0xc0;
const DAY_SECONDS = 86_400;
const NEVER = Infinity;

export interface CivilTime {
  readonly year: number;
  /** 1..12 and 1..31. */
  readonly month: number;
  readonly day: number;
  /** 0 is Sunday. */
  readonly weekday: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

export function civilFromSeconds(seconds: number, weekdayOffset: number): CivilTime {
  const date = new Date(seconds * 1000);
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    weekday: (date.getUTCDay() + weekdayOffset) % 7,
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
  };
}

/** Seconds since 1970. Fields out of range carry over (31 February is in March), as a counting calendar would. */
export function secondsFromCivil(t: CivilTime): number {
  const date = new Date(0);
  date.setUTCFullYear(t.year, t.month - 1, t.day);
  date.setUTCHours(t.hour, t.minute, t.second);
  return date.getTime() / 1000;
}

const encode = (nvram: Uint8Array, n: number): number => ((nvram[At.B]! & B_BINARY) !== 0 ? n : (Math.floor(n / 10) << 4) | (n % 10));
const decode = (nvram: Uint8Array, byte: number): number => ((nvram[At.B]! & B_BINARY) !== 0 ? byte : (byte >>> 4) * 10 + (byte & 15));

function encodeHour(nvram: Uint8Array, hour: number): number {
  if ((nvram[At.B]! & B_H24) !== 0) return encode(nvram, hour);
  return encode(nvram, hour % 12 === 0 ? 12 : hour % 12) | (hour >= 12 ? PM : 0);
}

function decodeHour(nvram: Uint8Array, byte: number): number {
  if ((nvram[At.B]! & B_H24) !== 0) return decode(nvram, byte);
  return (decode(nvram, byte & ~PM) % 12) + ((byte & PM) !== 0 ? 12 : 0);
}

/** Writes the calendar bytes. */
export function registersFromFields(nvram: Uint8Array, t: CivilTime): void {
  nvram[At.SECONDS] = encode(nvram, t.second);
  nvram[At.MINUTES] = encode(nvram, t.minute);
  nvram[At.HOURS] = encodeHour(nvram, t.hour);
  nvram[At.WEEKDAY] = encode(nvram, t.weekday + 1);
  nvram[At.DAY] = encode(nvram, t.day);
  nvram[At.MONTH] = encode(nvram, t.month);
  nvram[At.YEAR] = encode(nvram, t.year % 100);
  nvram[At.CENTURY] = encode(nvram, Math.floor(t.year / 100));
  nvram[At.CENTURY_PS2] = nvram[At.CENTURY]!;
}

/** Reads the calendar bytes. */
export function fieldsFromRegisters(nvram: Uint8Array): CivilTime {
  return {
    second: decode(nvram, nvram[At.SECONDS]!),
    minute: decode(nvram, nvram[At.MINUTES]!),
    hour: decodeHour(nvram, nvram[At.HOURS]!),
    weekday: (decode(nvram, nvram[At.WEEKDAY]!) + 6) % 7,
    day: decode(nvram, nvram[At.DAY]!),
    month: decode(nvram, nvram[At.MONTH]!),
    year: decode(nvram, nvram[At.YEAR]!) + 100 * decode(nvram, nvram[At.CENTURY]!),
  };
}

/** How many seconds after `seconds` (since 1970) the alarm goes off next: 1 .. 86400, or Infinity for an impossible alarm. */
export function secondsToAlarm(nvram: Uint8Array, seconds: number): number {
  const hour = nvram[Alarm.HOURS]! >= ANY ? -1 : decodeHour(nvram, nvram[Alarm.HOURS]!);
  const minute = nvram[Alarm.MINUTES]! >= ANY ? -1 : decode(nvram, nvram[Alarm.MINUTES]!);
  const second = nvram[Alarm.SECONDS]! >= ANY ? -1 : decode(nvram, nvram[Alarm.SECONDS]!);
  if (hour > 23 || minute > 59 || second > 59) return NEVER;
  const now = ((seconds % DAY_SECONDS) + DAY_SECONDS) % DAY_SECONDS;
  let wait = 1;
  while (wait <= DAY_SECONDS) {
    const at = (now + wait) % DAY_SECONDS;
    const toHour = hour < 0 ? 0 : (hour - Math.floor(at / 3600) + 24) % 24;
    const toMinute = minute < 0 ? 0 : (minute - (Math.floor(at / 60) % 60) + 60) % 60;
    const toSecond = second < 0 ? 0 : (second - (at % 60) + 60) % 60;
    if (toHour === 0 && toMinute === 0 && toSecond === 0) return wait;
    // Step to the start of the next hour, minute or second that can match.
    if (toHour > 0) wait += toHour * 3600 - (at % 3600);
    else if (toMinute > 0) wait += toMinute * 60 - (at % 60);
    else wait += toSecond;
  }
  return NEVER;
}
