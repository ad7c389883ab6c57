/**
 * The tables of a hub, as a list of migrations: the version of a file is how many of them it has seen. A migration that was released never changes; a new one is added at the end.
 *
 * A message is in one place: `messages` (an instance can take it), `activities` (a worker can), `delayed` (not yet), `quarantine` (never by itself).
 * `instances` has a row for every id that has a state, or messages: what every turn changes, and what queries filter by. What stays for a whole execution is in `descriptions`.
 * Times that SQL compares are whole milliseconds or, where ticks matter, text of one length (sortable-ticks.ts).
 * Owner 0 is nobody; other owners are rows of `owners`, whose keys are never used twice.
 */
export const migrations: readonly string[] = [
  `
CREATE TABLE owners (
  key INTEGER PRIMARY KEY AUTOINCREMENT,
  worker TEXT NOT NULL,
  process TEXT NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;

CREATE TABLE instances (
  key INTEGER PRIMARY KEY AUTOINCREMENT,
  id ANY NOT NULL UNIQUE,
  owner INTEGER NOT NULL DEFAULT 0,
  ready INTEGER,
  begun INTEGER NOT NULL DEFAULT 0,
  number INTEGER NOT NULL DEFAULT 0,
  suspicions INTEGER NOT NULL DEFAULT 0,
  status TEXT,
  custom_status ANY,
  checkpoint_id TEXT,
  start_id TEXT,
  execution_id ANY,
  name ANY,
  version ANY,
  parent ANY,
  created_at TEXT,
  completed_at TEXT,
  updated_at TEXT
) STRICT;
CREATE INDEX instances_ready ON instances (owner, begun, ready) WHERE ready IS NOT NULL;
CREATE INDEX instances_suspect ON instances (ready) WHERE suspicions > 0;
CREATE INDEX instances_owned ON instances (owner) WHERE owner <> 0;
CREATE INDEX instances_by_status ON instances (status, id) WHERE status IS NOT NULL;
CREATE INDEX instances_by_name ON instances (name, id) WHERE name IS NOT NULL;
CREATE INDEX instances_by_parent ON instances (parent, id) WHERE parent IS NOT NULL;
CREATE INDEX instances_by_created ON instances (created_at) WHERE created_at IS NOT NULL;
CREATE INDEX instances_by_completed ON instances (completed_at) WHERE completed_at IS NOT NULL;

CREATE TABLE descriptions (
  instance INTEGER PRIMARY KEY,
  state TEXT NOT NULL,
  input ANY,
  output ANY
) STRICT;

CREATE TABLE tags (
  instance INTEGER NOT NULL,
  tag ANY NOT NULL,
  value ANY NOT NULL,
  PRIMARY KEY (instance, tag)
) STRICT, WITHOUT ROWID;
CREATE INDEX tags_by_value ON tags (tag, value, instance);

CREATE TABLE consumed_ids (
  instance INTEGER PRIMARY KEY,
  ids TEXT NOT NULL
) STRICT;

CREATE TABLE history (
  position INTEGER PRIMARY KEY,
  instance INTEGER NOT NULL,
  events TEXT NOT NULL
) STRICT;
CREATE INDEX history_of_instance ON history (instance);

CREATE TABLE messages (
  arrival INTEGER PRIMARY KEY AUTOINCREMENT,
  instance INTEGER NOT NULL,
  deliveries INTEGER NOT NULL DEFAULT 0,
  faults INTEGER NOT NULL DEFAULT 0,
  enqueued_at INTEGER NOT NULL,
  id TEXT NOT NULL,
  reply_to TEXT,
  sender ANY,
  message TEXT NOT NULL
) STRICT;
CREATE INDEX messages_of_instance ON messages (instance);

CREATE TABLE activities (
  arrival INTEGER PRIMARY KEY AUTOINCREMENT,
  owner INTEGER NOT NULL DEFAULT 0,
  name ANY NOT NULL,
  deliveries INTEGER NOT NULL DEFAULT 0,
  faults INTEGER NOT NULL DEFAULT 0,
  enqueued_at INTEGER NOT NULL,
  id TEXT NOT NULL,
  sender ANY,
  message TEXT NOT NULL
) STRICT;
CREATE INDEX activities_by_owner ON activities (owner);
CREATE INDEX activities_free ON activities (name) WHERE owner = 0;

CREATE TABLE delayed (
  key INTEGER PRIMARY KEY,
  due_at INTEGER NOT NULL,
  arrival INTEGER,
  instance INTEGER,
  execution_id ANY,
  is_timer INTEGER NOT NULL DEFAULT 0,
  name ANY,
  deliveries INTEGER NOT NULL DEFAULT 0,
  faults INTEGER NOT NULL DEFAULT 0,
  enqueued_at INTEGER,
  id TEXT NOT NULL,
  reply_to TEXT,
  sender ANY,
  message TEXT NOT NULL
) STRICT;
CREATE INDEX delayed_by_time ON delayed (due_at);
CREATE INDEX delayed_of_instance ON delayed (instance) WHERE instance IS NOT NULL;

CREATE TABLE quarantine (
  id TEXT PRIMARY KEY,
  target ANY,
  name ANY,
  reply_to TEXT,
  sender ANY,
  message TEXT NOT NULL,
  code TEXT NOT NULL,
  reason TEXT NOT NULL,
  quarantined_at TEXT NOT NULL
) STRICT;
`,
]

/** Marks the file as ours, so that the file of another program is never taken for an old one of ours: 'dtfx'. */
export const applicationId = 0x64746678

/** Everything of a hub; the tables stay, for those who have the file open. */
export const emptyHub = ['instances', 'descriptions', 'tags', 'consumed_ids', 'history', 'messages', 'activities', 'delayed', 'quarantine'].map((table) => `DELETE FROM ${table}`)
