-- Tables of capabilities that come later, so that their names and shapes are settled. They are empty, and each
-- says so.

create table user_profiles (
  id         text collate "C" not null,
  user_id    text collate "C" not null,
  birthday   date,
  locale     text,
  avatar_url text,
  updated_at timestamptz not null,
  constraint user_profiles_are_stored_once primary key (id)
);
comment on table user_profiles is 'What a customer tells of themselves (filled by a later release).';

create table user_activities (
  id         text collate "C" not null,
  user_id    text collate "C" not null,
  activity   text not null,
  details    jsonb,
  created_at timestamptz not null,
  constraint user_activities_are_stored_once primary key (id)
);
comment on table user_activities is 'What a customer did (filled by a later release).';

create table user_social (
  id               text collate "C" not null,
  user_id          text collate "C" not null,
  provider         text not null,
  provider_user_id text not null,
  created_at       timestamptz not null,
  constraint user_social_are_stored_once primary key (id)
);
comment on table user_social is 'Accounts elsewhere that a customer signs in with (filled by a later release).';

create table product_reviews (
  id          text collate "C" not null,
  product_id  text collate "C" not null,
  user_id     text collate "C" not null,
  rating      integer not null,
  title       text,
  body        text,
  is_verified boolean not null,
  created_at  timestamptz not null,
  constraint product_reviews_are_stored_once primary key (id)
);
comment on table product_reviews is 'Reviews (filled by a later release).';

create table product_view_history (
  id         text collate "C" not null,
  product_id text collate "C" not null,
  user_id    text collate "C",
  session_id text,
  viewed_at  timestamptz not null,
  constraint product_view_history_are_stored_once primary key (id)
);
comment on table product_view_history is 'Who looked at which product (filled by a later release).';

create table inventory_logs (
  id          text collate "C" not null,
  variant_id  text collate "C" not null,
  location_id text collate "C" not null,
  change      bigint not null,
  reason      text,
  made_by     text,
  created_at  timestamptz not null,
  constraint inventory_logs_are_stored_once primary key (id)
);
comment on table inventory_logs is 'What moved units, and why; until then GET /inventory/:variantId/log has it, from the changes (filled by a later release).';

create table notifications (
  id         text collate "C" not null,
  user_id    text collate "C" not null,
  type       text not null,
  title      text not null,
  body       text not null,
  read_at    timestamptz,
  created_at timestamptz not null,
  constraint notifications_are_stored_once primary key (id)
);
comment on table notifications is 'Messages to customers (filled by a later release).';

create table notification_templates (
  id         text collate "C" not null,
  name       text not null,
  channel    text not null,
  subject    text,
  body       text not null,
  updated_at timestamptz not null,
  constraint notification_templates_are_stored_once primary key (id)
);
comment on table notification_templates is 'How messages read (filled by a later release).';

create table notification_preferences (
  id        text collate "C" not null,
  user_id   text collate "C" not null,
  channel   text not null,
  type      text not null,
  is_wanted boolean not null,
  constraint notification_preferences_are_stored_once primary key (id)
);
comment on table notification_preferences is 'Which messages a customer wants (filled by a later release).';

create table email_logs (
  id         text collate "C" not null,
  user_id    text collate "C",
  template   text,
  status     text not null,
  error      text,
  created_at timestamptz not null,
  constraint email_logs_are_stored_once primary key (id)
);
comment on table email_logs is 'E-mails that were sent (filled by a later release).';

create table sms_logs (
  id         text collate "C" not null,
  user_id    text collate "C",
  template   text,
  status     text not null,
  error      text,
  created_at timestamptz not null,
  constraint sms_logs_are_stored_once primary key (id)
);
comment on table sms_logs is 'Short messages that were sent (filled by a later release).';

create table search_queries (
  id         text collate "C" not null,
  query      text not null,
  user_id    text collate "C",
  results    bigint not null,
  created_at timestamptz not null,
  constraint search_queries_are_stored_once primary key (id)
);
comment on table search_queries is 'What was searched for (filled by a later release).';

create table search_analytics (
  id                 text collate "C" not null,
  query              text not null,
  clicked_product_id text collate "C",
  position           integer,
  created_at         timestamptz not null,
  constraint search_analytics_are_stored_once primary key (id)
);
comment on table search_analytics is 'What searches led to (filled by a later release).';

create table search_trends (
  id       text collate "C" not null,
  query    text not null,
  day      date not null,
  searches bigint not null,
  constraint search_trends_are_stored_once primary key (id)
);
comment on table search_trends is 'What is searched for more than it was (filled by a later release).';

create table page_views (
  id         text collate "C" not null,
  session_id text not null,
  user_id    text collate "C",
  path       text not null,
  created_at timestamptz not null,
  constraint page_views_are_stored_once primary key (id)
);
comment on table page_views is 'Pages that were looked at (filled by a later release).';

create table user_events (
  id         text collate "C" not null,
  session_id text not null,
  user_id    text collate "C",
  event      text not null,
  details    jsonb,
  created_at timestamptz not null,
  constraint user_events_are_stored_once primary key (id)
);
comment on table user_events is 'What was done on pages (filled by a later release).';

create table user_preferences (
  id          text collate "C" not null,
  user_id     text collate "C" not null,
  preferences jsonb not null,
  updated_at  timestamptz not null,
  constraint user_preferences_are_stored_once primary key (id)
);
comment on table user_preferences is 'What a customer likes, as far as it was learned (filled by a later release).';

create table product_recommendations (
  id         text collate "C" not null,
  user_id    text collate "C",
  product_id text collate "C" not null,
  score      double precision not null,
  reason     text,
  created_at timestamptz not null,
  constraint product_recommendations_are_stored_once primary key (id)
);
comment on table product_recommendations is 'What goes with what, or with whom (filled by a later release).';

create table user_interactions (
  id         text collate "C" not null,
  user_id    text collate "C" not null,
  product_id text collate "C" not null,
  kind       text not null,
  weight     double precision not null,
  created_at timestamptz not null,
  constraint user_interactions_are_stored_once primary key (id)
);
comment on table user_interactions is 'What recommendations are learned from (filled by a later release).';

create table recommendation_models (
  id         text collate "C" not null,
  name       text not null,
  parameters jsonb not null,
  trained_at timestamptz not null,
  constraint recommendation_models_are_stored_once primary key (id)
);
comment on table recommendation_models is 'What was learned (filled by a later release).';

create table recommendation_feedback (
  id                text collate "C" not null,
  recommendation_id text collate "C" not null,
  user_id           text collate "C",
  verdict           text not null,
  created_at        timestamptz not null,
  constraint recommendation_feedback_are_stored_once primary key (id)
);
comment on table recommendation_feedback is 'Whether a recommendation was any good (filled by a later release).';
