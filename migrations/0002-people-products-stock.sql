-- Who buys, and what there is to buy: people, products, stock. A row is read off a document
-- (relations.ts of each capability) and never written by hand. No foreign keys: a document may come before
-- the one that it names, from a region that was cut off. Amounts end in _minor: minor units of the currency.

create table users (
  id         text collate "C" not null,
  email      text not null,
  first_name text,
  last_name  text,
  phone      text,
  roles      jsonb not null,
  created_at timestamptz not null,
  constraint users_are_stored_once primary key (id)
);
comment on table users is 'Accounts, without anything that opens them. Personal data: read only by who may.';
create index users_by_time on users (created_at);

create table user_sessions (
  id           text collate "C" not null,
  user_id      text collate "C" not null,
  device       text not null,
  created_at   timestamptz not null,
  last_used_at timestamptz not null,
  constraint user_sessions_are_stored_once primary key (id)
);
comment on table user_sessions is 'Sessions that were not ended; the token is not among it.';
create index user_sessions_by_user on user_sessions (user_id, created_at);

create table products (
  id          text collate "C" not null,
  sku         text not null,
  name        text not null,
  description text not null,
  brand_id    text collate "C",
  price_minor bigint not null,
  currency    text not null,
  popularity  double precision not null,
  created_at  timestamptz not null,
  updated_at  timestamptz not null,
  constraint products_are_stored_once primary key (id),
  constraint price_is_not_negative check (price_minor >= 0)
);
comment on table products is 'Products that are not deleted.';
create index products_by_sku on products (sku);
create index products_by_brand on products (brand_id);

create table product_variants (
  id          text collate "C" not null,
  product_id  text collate "C" not null,
  sku         text not null,
  options     jsonb not null,
  price_minor bigint not null,
  currency    text not null,
  position    integer not null,
  constraint product_variants_are_stored_once primary key (product_id, id),
  constraint variant_price_is_not_negative check (price_minor >= 0)
);
comment on table product_variants is 'What of a product is sold, each with the price that holds for it.';
create index product_variants_by_id on product_variants (id);
create index product_variants_by_sku on product_variants (sku);

create table product_images (
  product_id text collate "C" not null,
  url        text not null,
  alt        text,
  position   integer not null,
  constraint product_images_have_one_place primary key (product_id, position)
);
comment on table product_images is 'Pictures, in the order in which they are shown.';

create table product_categories (
  product_id  text collate "C" not null,
  category_id text collate "C" not null,
  is_own      boolean not null,
  constraint a_product_is_in_a_category_once primary key (product_id, category_id)
);
comment on table product_categories is 'The categories of a product: its own, and all above them.';
create index product_categories_by_category on product_categories (category_id, product_id);

create table product_tags (
  product_id text collate "C" not null,
  tag        text collate "C" not null,
  constraint a_product_has_a_tag_once primary key (product_id, tag)
);
comment on table product_tags is 'Tags of products.';
create index product_tags_by_tag on product_tags (tag, product_id);

create table categories (
  id          text collate "C" not null,
  name        text not null,
  parent_id   text collate "C",
  path        text not null,
  description text not null,
  constraint categories_are_stored_once primary key (id)
);
comment on table categories is 'Categories, by their path.';
create index categories_by_parent on categories (parent_id);

create table brands (
  id          text collate "C" not null,
  name        text not null,
  description text not null,
  logo_url    text,
  constraint brands_are_stored_once primary key (id)
);
comment on table brands is 'Brands.';

create table stock (
  id          text collate "C" not null,
  variant_id  text collate "C" not null,
  location_id text collate "C" not null,
  product_id  text collate "C" not null,
  mode        text not null,
  available   bigint not null,
  in_stock    bigint not null,
  threshold   bigint,
  constraint stock_is_stored_once primary key (id)
);
comment on table stock is 'Units of a variant at a location. What may be sold is decided by nodes, by rights, never by this table.';
create index stock_by_variant on stock (variant_id, location_id);
create index stock_by_product on stock (product_id);
comment on column stock.available is 'What somebody may still sell. Below zero for mode backorder alone, by what was promised.';

create table locations (
  id          text collate "C" not null,
  name        text not null,
  line1       text,
  city        text,
  postal_code text,
  country     text,
  latitude    double precision,
  longitude   double precision,
  hours       text,
  constraint locations_are_stored_once primary key (id)
);
comment on table locations is 'Shops and warehouses where stock is.';
