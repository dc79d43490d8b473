/**
 * The tables of the history index; docs/index.md describes them. Derived data: when these change, or what is written into them, raise
 * INDEX_VERSION and every index is built anew. A test knows the tables of each version.
 */
export const INDEX_VERSION = 2;

/** Page size in bytes; must be set before the first table is created. */
export const PAGE_SIZE = 8192;

/** Identifiers keep their underscores, so that `queue_work` does not find `__queue_work`. */
const TOKENIZER = `tokenize="unicode61 remove_diacritics 0 tokenchars '_'"`;
/** `$` never occurs in C; search-terms.ts uses it to keep the case of identifiers, which the tokenizer folds. */
const EXACT_TOKENIZER = `tokenize="unicode61 remove_diacritics 0 tokenchars '_$'"`;

/** Bytes of words that FTS5 collects before it writes a segment. */
const WORD_BUFFER = 16 << 20;

export const SCHEMA = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL);

CREATE TABLE commits (
  num INTEGER PRIMARY KEY,
  oid BLOB NOT NULL,
  author INTEGER NOT NULL REFERENCES people,
  author_date INTEGER NOT NULL,
  committer_date INTEGER NOT NULL,
  subject TEXT NOT NULL,
  paths BLOB NOT NULL
);
CREATE TABLE parents (child INTEGER NOT NULL, position INTEGER NOT NULL, parent INTEGER NOT NULL, PRIMARY KEY (child, position)) WITHOUT ROWID;

CREATE TABLE paths (id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE);
CREATE TABLE path_commits (path INTEGER NOT NULL, first INTEGER NOT NULL, nums BLOB NOT NULL, PRIMARY KEY (path, first)) WITHOUT ROWID;

CREATE TABLE renames_to_find (num INTEGER PRIMARY KEY);
CREATE TABLE renames (path INTEGER NOT NULL, num INTEGER NOT NULL, source INTEGER NOT NULL, PRIMARY KEY (path, num, source)) WITHOUT ROWID;
CREATE INDEX renames_source ON renames (source, num);

CREATE TABLE links (num INTEGER NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL, text TEXT NOT NULL);

CREATE VIRTUAL TABLE messages USING fts5(subject, body, content='', ${TOKENIZER});
INSERT INTO messages (messages, rank) VALUES ('hashsize', ${WORD_BUFFER});

CREATE TABLE heads (oid BLOB PRIMARY KEY, reachable BLOB NOT NULL) WITHOUT ROWID;

CREATE TABLE patches (num INTEGER PRIMARY KEY, patch_id BLOB, changed_lines INTEGER);
CREATE INDEX patches_patch_id ON patches (patch_id);

CREATE TABLE functions (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE commit_functions (num INTEGER NOT NULL, path INTEGER NOT NULL, function INTEGER NOT NULL, PRIMARY KEY (num, path, function)) WITHOUT ROWID;
CREATE TABLE function_commits (function INTEGER NOT NULL, num INTEGER NOT NULL, path INTEGER NOT NULL, PRIMARY KEY (function, num, path)) WITHOUT ROWID;

CREATE VIRTUAL TABLE identifiers USING fts5(added, removed, content='', detail=column, ${EXACT_TOKENIZER});
INSERT INTO identifiers (identifiers, rank) VALUES ('hashsize', ${WORD_BUFFER});
`;

/**
 * Indexes that the first pass makes when it has written its commits: sorting once is several times cheaper than keeping them sorted.
 * Where commits exist already, they are there and are kept up.
 */
export const COMMIT_INDEXES = `
CREATE UNIQUE INDEX IF NOT EXISTS commits_oid ON commits (oid);
CREATE INDEX IF NOT EXISTS commits_author_date ON commits (author_date);
CREATE INDEX IF NOT EXISTS commits_subject ON commits (subject);
CREATE INDEX IF NOT EXISTS links_num ON links (num);
CREATE INDEX IF NOT EXISTS links_id ON links (id);
`;
