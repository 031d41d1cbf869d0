import { AGENT_STATES } from "../src/live/states";
import type {
  AgentCounts,
  Alert,
  AwayFlow,
  Change,
  OverdueStay,
  QueueFigures,
  SiteFigures,
  Snapshot,
} from "../src/live/types";

/** A small made-up centre: what the stream would say of it, the same at every run. */

const START = Date.parse("2026-03-02T07:42:00Z");

/** Two alerts, the urgent one first. */
export const ALERTS: Alert[] = [
  {
    alert_id: "a1",
    alert_rule_id: "long-waits",
    name: { ru: "Долго ждут", en: "Long waits" },
    measure: "longest_wait_s",
    value: 151,
    threshold: 120,
    raised_when: "above",
    severity: "urgent",
    raised_at: secondsBefore(75),
    queue_id: "bank-cards",
    site_id: null,
  },
  {
    alert_id: "a2",
    alert_rule_id: "level",
    name: { ru: "Уровень падает", en: "Level is falling" },
    measure: "service_level",
    value: 0.787,
    threshold: 0.8,
    raised_when: "below",
    severity: "notice",
    raised_at: secondsBefore(600),
    queue_id: null,
    site_id: null,
  },
];

/** What a test says has changed; the rest of a change is as in the snapshot before it. */
export type Said = Partial<Omit<Change, "totals">> & { totals?: Partial<Snapshot["totals"]> };

/** Return the whole change that the service would send. */
export function changeOf(said: Said, before: Snapshot): Change {
  const { at, scale, ages_s } = before;
  const totals = said.totals ? { totals: { ...before.totals, ...said.totals } } : {};
  return { at, scale, ages_s, position: {}, ...(said as Partial<Change>), ...totals };
}

function counts(...n: [number, number, number, number, number, number]): AgentCounts {
  const [Talking, Hold, Reserved, Ready, WrapUp, NotReady] = n;
  return { Talking, Hold, Reserved, Ready, WrapUp, NotReady };
}

/** Return business time `s` seconds before the figures of the first snapshot. */
export function secondsBefore(s: number): string {
  return new Date(START - s * 1000).toISOString();
}

const SITES: SiteFigures[] = [
  {
    site_id: "moscow",
    name: { ru: "Москва", en: "Moscow" },
    lat: 55.75204,
    lon: 37.61781,
    status: "open",
    agents: counts(41, 2, 3, 0, 9, 6),
    waiting: 5,
    in_talk: 43,
    answered: 612,
    answered_away: 74,
  },
  {
    site_id: "saransk",
    name: { ru: "Саранск", en: "Saransk" },
    lat: 54.18485,
    lon: 45.17166,
    status: "open",
    agents: counts(22, 1, 1, 4, 5, 3),
    waiting: 1,
    in_talk: 23,
    answered: 288,
    answered_away: 19,
  },
  {
    site_id: "minsk",
    name: { ru: "Минск", en: "Minsk" },
    lat: 53.90019,
    lon: 27.56653,
    status: "open",
    agents: counts(17, 0, 2, 1, 4, 2),
    waiting: 2,
    in_talk: 17,
    answered: 231,
    answered_away: 22,
  },
  {
    site_id: "krasnoyarsk",
    name: { ru: "Красноярск", en: "Krasnoyarsk" },
    lat: 56.03742,
    lon: 92.93136,
    status: "open",
    agents: counts(26, 1, 0, 8, 6, 5),
    waiting: 0,
    in_talk: 27,
    answered: 395,
    answered_away: 8,
  },
];

const QUEUES: QueueFigures[] = [
  queue("bank-cards", "Карты", "Cards", "volga-bank", [3, 48, 31, 402, 371, 19, 5, 339]),
  queue("bank-loans", "Кредиты", "Loans", "volga-bank", [0, 0, 12, 168, 152, 11, 2, 131]),
  queue(
    "bank-private",
    "Частные счета",
    "Private accounts",
    "volga-bank",
    [2, 21, 24, 311, 288, 14, 3, 262],
  ),
  queue("bank-security", "Безопасность", "Security", "volga-bank", [0, 0, 4, 57, 55, 1, 0, 53]),
  queue(
    "net-faults",
    "Аварии сети",
    "Network faults",
    "sever-telecom",
    [2, 37, 21, 297, 266, 20, 6, 226],
  ),
  queue(
    "net-mobile",
    "Мобильная связь",
    "Mobile",
    "sever-telecom",
    [1, 9, 14, 243, 226, 9, 3, 207],
  ),
  queue(
    "net-sales",
    "Подключение",
    "New contracts",
    "sever-telecom",
    [0, 0, 4, 121, 114, 5, 2, 103],
  ),
];

type QueueNumbers = [number, number, number, number, number, number, number, number];

function queue(
  queue_id: string,
  ru: string,
  en: string,
  client: string,
  [waiting, waited_s, in_talk, offered, answered, abandoned, short, in_level]: QueueNumbers,
): QueueFigures {
  return {
    queue_id,
    name: { ru, en },
    client,
    waiting,
    longest_wait_since: waiting ? secondsBefore(waited_s) : null,
    expected_wait_s: waiting * 12,
    in_talk,
    offered,
    answered,
    abandoned,
    short_abandoned: short,
    in_service_level: in_level,
    service_level: offered ? in_level / offered : null,
  };
}

const AWAY: AwayFlow[] = [
  { from: "moscow", to: "krasnoyarsk", calls: 9 },
  { from: "moscow", to: "saransk", calls: 4 },
  { from: "minsk", to: "krasnoyarsk", calls: 3 },
  { from: "krasnoyarsk", to: "moscow", calls: 1 },
  { from: "saransk", to: "minsk", calls: 1 },
];

const OVERDUE: OverdueStay[] = [
  {
    agent_id: "minsk-004",
    site_id: "minsk",
    team_id: "minsk",
    reason: "lunch",
    overdue_at: secondsBefore(200),
  },
];

/** Return the first snapshot of the centre, `scale` times as fast as the wall clock. */
export function firstSnapshot(scale = 1): Snapshot {
  return {
    at: secondsBefore(0),
    scale,
    ages_s: { calls: 0.2, agents: 0.2, expected_waits: 0.2 },
    alerts: [],
    position: { "call-arrived/0": 4100, "routed/0": 2050, "answered/0": 1790 },
    day: { state: "running" },
    drawn: ["ani", "entry_site", "patience", "roster"],
    sites: SITES,
    queues: QUEUES,
    away: AWAY,
    overdue: OVERDUE,
    totals: totalsOf(SITES, QUEUES),
  };
}

function totalsOf(
  sites: readonly SiteFigures[],
  queues: readonly QueueFigures[],
): Snapshot["totals"] {
  const sum = (of: (queue: QueueFigures) => number) => queues.reduce((all, q) => all + of(q), 0);
  const waits = queues.flatMap((q) => q.longest_wait_since ?? []).toSorted();
  const agents = AGENT_STATES.map((state) => [
    state,
    sites.reduce((all, site) => all + site.agents[state], 0),
  ]);
  return {
    waiting: sum((q) => q.waiting),
    longest_wait_since: waits[0] ?? null,
    in_talk: sum((q) => q.in_talk),
    offered: sum((q) => q.offered),
    answered: sum((q) => q.answered),
    abandoned: sum((q) => q.abandoned),
    short_abandoned: sum((q) => q.short_abandoned),
    in_service_level: sum((q) => q.in_service_level),
    contained: 214,
    failed: 1,
    service_level: sum((q) => q.in_service_level) / sum((q) => q.offered),
    calls_per_minute: 11.4,
    asa_s: 14.3,
    agents: Object.fromEntries(agents) as unknown as AgentCounts,
  };
}

/**
 * Return the changes of a lively hour: a change each 20 business seconds, up to now.
 *
 * They fill the series of calls per minute; the other figures stay those of the first snapshot.
 */
export function livelyHour(): Said[] {
  const steps = Array.from({ length: 180 }, (_, n) => n);
  return steps.map((n) => ({
    at: secondsBefore((179 - n) * 20),
    totals: { calls_per_minute: lively(n) },
  }));
}

function lively(n: number): number {
  const wave = 10 + 3 * Math.sin(n / 41) + 1.7 * Math.sin(n / 9) + 1.1 * Math.sin(n / 3.1 + 2);
  return Math.round(Math.max(0, wave) * 10) / 10;
}

/** Return one step of life: a call of Moscow's was answered in Krasnoyarsk. */
export function oneMoreAway(): Said {
  const [moscow, , , krasnoyarsk] = SITES as [SiteFigures, SiteFigures, SiteFigures, SiteFigures];
  const sites = [
    { ...moscow, waiting: 4, answered_away: 75 },
    { ...krasnoyarsk, in_talk: 28, agents: counts(27, 1, 0, 7, 6, 5) },
  ];
  const changed = SITES.map((site) => sites.find((s) => s.site_id === site.site_id) ?? site);
  return {
    at: secondsBefore(-2),
    sites,
    away: [{ from: "moscow", to: "krasnoyarsk", calls: 10 }],
    totals: { ...totalsOf(changed, QUEUES), waiting: 7, in_talk: 111 },
  };
}
