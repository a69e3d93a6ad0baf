-- The archive: every change of every region as it was made, and the documents that they add up to.
-- Nodes write it (node/merged/archive.ts), any number of them at once; people and reports read it.

create table replicas (
  replica  text collate "C" not null,
  node     text,
  counter  bigint  not null,
  hash     bytea   not null,
  wall_ms  bigint  not null,
  logical  integer not null,
  constraint replicas_are_named_once primary key (replica),
  constraint counter_is_not_negative check (counter >= 0),
  constraint replicas_hash_is_sha256 check (length(hash) = 32)
);
comment on table replicas is 'Up to where each replica''s changes are in the documents. A node sends what comes after.';
comment on column replicas.node is 'The node that the replica was, as far as it has told.';
comment on column replicas.hash is 'The last link of the replica''s hash chain: two histories under one name differ in it.';
comment on column replicas.wall_ms is 'With logical, when the last of the changes was made, by the clock of its replica.';

create table changes (
  replica       text collate "C" not null,
  counter       bigint  not null,
  wall_ms       bigint  not null,
  logical       integer not null,
  hlc           text collate "C" not null,
  type          text    not null,
  actor         text    not null,
  bytes         bytea   not null,
  hash          bytea   not null,
  is_understood boolean not null,
  constraint a_dot_names_one_change primary key (replica, counter),
  constraint changes_hash_is_sha256 check (length(hash) = 32)
);
comment on table changes is 'Every change, once, under its dot: who did what when. Never updated.';
comment on column changes.hlc is 'The hybrid logical time: its order is the order in which writes win.';
comment on column changes.bytes is 'The change as it travels between nodes, its checksum at the end.';
comment on column changes.hash is 'The link that the change added to its replica''s hash chain.';
comment on column changes.is_understood is 'Whether the release that archived the change could read all of it; a later one reads the rest.';
create index changes_not_understood on changes (replica, counter) where not is_understood;
create index changes_by_time on changes (wall_ms);

create table folded_ranges (
  replica text collate "C" not null,
  first   bigint not null,
  last    bigint not null,
  constraint folded_ranges_begin_once primary key (replica, first),
  constraint a_range_is_not_empty check (last >= first)
);
comment on table folded_ranges is 'Changes that no node had any more when they were to be archived: the documents have what they did.';

create table documents (
  kind       text collate "C" not null,
  id         text collate "C" not null,
  bytes      bytea not null,
  hash       bytea not null,
  updated_at timestamptz not null default now(),
  constraint a_document_is_stored_once primary key (kind, id),
  constraint documents_hash_is_sha256 check (length(hash) = 32)
);
comment on table documents is 'Every document as it is when all archived changes are joined: the same bytes as at the nodes.';
comment on column documents.hash is 'SHA-256 over kind, id and bytes: what the document adds to the digest, whose sum tells whether two stores agree.';

create table unread_documents (
  kind  text collate "C" not null,
  id    text collate "C" not null,
  hash  bytea not null,
  bytes bytea not null,
  constraint an_unread_document_is_stored_once primary key (kind, id, hash)
);
comment on table unread_documents is 'States of documents that the release which sent them could not read; a later one joins them.';

create table sinks (
  name    text not null,
  version text not null,
  constraint sinks_are_named_once primary key (name)
);
comment on table sinks is 'What is derived from the documents, and by which version: another version makes it anew.';

create table table_shapes (
  name  text not null,
  shape text not null,
  constraint table_shapes_are_named_once primary key (name)
);
comment on table table_shapes is 'How each table looked when the last migration was done, to find what was changed by hand.';
