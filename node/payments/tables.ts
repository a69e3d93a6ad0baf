/** The read model of payments: where each stands, what was tried, given back, and found odd. */

import type { Table } from '../core/store.ts'

export const paymentTable: Table = {
  name: 'payments',
  columns: [
    'id',
    'provider',
    'reference',
    'account',
    'state',
    'currency',
    'amount',
    'authorised',
    'captured',
    'refunded',
    'work',
    'taken_on_by',
    'created_ms',
    'updated_ms',
  ],
  isSingle: true,
}

export const attemptTable: Table = {
  name: 'payment_attempts',
  columns: ['payment', 'number', 'status', 'gateway_response', 'token', 'account', 'created_ms'],
  isSingle: false,
}

export const refundTable: Table = {
  name: 'refunds',
  columns: ['payment', 'id', 'amount', 'currency', 'status', 'reason', 'processed_ms'],
  isSingle: false,
}

export const fraudFlagTable: Table = {
  name: 'fraud_flags',
  columns: ['payment', 'risk_score', 'flags', 'resolved', 'verdict', 'created_ms'],
  isSingle: true,
}

export const paymentMethodTable: Table = {
  name: 'payment_methods',
  columns: ['account', 'id', 'type', 'provider', 'label', 'is_default', 'created_ms'],
  isSingle: false,
}

export const paymentTables = [paymentTable, attemptTable, refundTable, fraudFlagTable]

export const paymentSql = `
create table if not exists payments (
  document    integer primary key,
  id          text    not null,
  provider    text    not null,
  reference   text,
  account     text,
  state       text    not null,
  currency    text    not null,
  amount      integer not null,
  authorised  integer not null,
  captured    integer not null,
  refunded    integer not null,
  -- What is left to do, if anything is.
  work        text,
  -- The replica that stored the first attempt.
  taken_on_by text    not null,
  created_ms  integer not null,
  updated_ms  integer not null
) strict;
create index if not exists payments_by_time on payments (created_ms, id);
create index if not exists payments_by_reference on payments (reference) where reference is not null;
create index if not exists payments_with_work on payments (document) where work is not null;

create table if not exists payment_attempts (
  document         integer not null,
  payment          text    not null,
  number           integer not null,
  status           text    not null,
  gateway_response text,
  -- Eight bytes of its hash: enough to tell cards apart, and of no use at a till.
  token            text    not null,
  account          text,
  created_ms       integer not null
) strict;
create index if not exists payment_attempts_of_document on payment_attempts (document);
create index if not exists payment_attempts_by_account
  on payment_attempts (account, created_ms) where account is not null;
create index if not exists payment_attempts_by_token
  on payment_attempts (token, created_ms, account) where account is not null;

create table if not exists refunds (
  document     integer not null,
  payment      text    not null,
  id           text    not null,
  amount       integer not null,
  currency     text    not null,
  status       text    not null,
  reason       text    not null,
  processed_ms integer
) strict;
create index if not exists refunds_of_document on refunds (document);

create table if not exists fraud_flags (
  document   integer primary key,
  payment    text    not null,
  risk_score integer not null,
  flags      text    not null,
  resolved   integer not null,
  verdict    text,
  created_ms integer not null
) strict;
create index if not exists fraud_flags_by_time on fraud_flags (resolved, created_ms, payment);

create table if not exists payment_methods (
  document   integer not null,
  account    text    not null,
  id         text    not null,
  type       text    not null,
  provider   text    not null,
  label      text    not null,
  is_default integer not null,
  created_ms integer not null
) strict;
create index if not exists payment_methods_of_document on payment_methods (document);
`
