/** The catalog's read model: what lists and filters need, and each product as it is answered. */

import type { Table } from '../core/store.ts'

export const productTable: Table = {
  name: 'products',
  columns: ['id', 'name', 'brand', 'price', 'popularity', 'created_ms', 'rating', 'json'],
  isSingle: true,
}

export const productCategoryTable: Table = {
  name: 'product_categories',
  columns: ['category'],
  isSingle: false,
}

export const productTagTable: Table = {
  name: 'product_tags',
  columns: ['tag'],
  isSingle: false,
}

/** Each product's own SKU, and those of its variants. */
export const productSkuTable: Table = {
  name: 'product_skus',
  columns: ['sku'],
  isSingle: false,
}

export const categoryTable: Table = {
  name: 'categories',
  columns: ['id', 'parent', 'slug', 'json'],
  isSingle: true,
}

export const brandTable: Table = {
  name: 'brands',
  columns: ['id', 'json'],
  isSingle: true,
}

export const catalogTables = [
  productTable,
  productCategoryTable,
  productTagTable,
  productSkuTable,
  categoryTable,
  brandTable,
]

export const catalogSql = `
create table if not exists products (
  document   integer primary key,
  id         text    not null,
  name       text    not null,
  brand      text,
  price      integer not null,
  popularity integer not null,
  created_ms integer not null,
  rating     real,
  json       text    not null,
  constraint price_is_not_negative check (price >= 0)
) strict;
create index if not exists products_by_created on products (created_ms, document);
create index if not exists products_by_price on products (price, document);
create index if not exists products_by_popularity on products (popularity, document);
create index if not exists products_by_name on products (name, document);
create index if not exists products_by_brand on products (brand);

create table if not exists product_categories (
  document integer not null,
  category text    not null,
  primary key (category, document)
) strict, without rowid;
create index if not exists product_categories_by_document on product_categories (document);

create table if not exists product_tags (
  document integer not null,
  tag      text    not null,
  primary key (tag, document)
) strict, without rowid;
create index if not exists product_tags_by_document on product_tags (document);

create table if not exists product_skus (
  document integer not null,
  sku      text    not null,
  primary key (sku, document)
) strict, without rowid;
create index if not exists product_skus_by_document on product_skus (document);

create table if not exists categories (
  document integer primary key,
  id       text not null unique,
  parent   text,
  slug     text not null,
  json     text not null
) strict;
create index if not exists categories_by_slug on categories (slug);

create table if not exists brands (
  document integer primary key,
  id       text not null unique,
  json     text not null
) strict;
`

/** Products that share a SKU, which two regions may come to while they are cut off from each other. */
export const sharedSkuSql = `
select document, 'sku/' || sku as field from product_skus
where sku in (select sku from product_skus group by sku having count(*) > 1)`
