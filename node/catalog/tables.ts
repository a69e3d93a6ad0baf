/** The catalog's read model: what lists and filters need, and each product as it is answered. */

import type { Table } from '../core/store.ts'

export const productTable: Table = {
  name: 'products',
  owner: 'id',
  columns: ['id', 'name', 'brand', 'price', 'popularity', 'created_ms', 'rating', 'json'],
  isSingle: true,
}

export const productCategoryTable: Table = {
  name: 'product_categories',
  owner: 'product',
  columns: ['product', 'category'],
  isSingle: false,
}

export const productTagTable: Table = {
  name: 'product_tags',
  owner: 'product',
  columns: ['product', 'tag'],
  isSingle: false,
}

/** Each product's own SKU, and those of its variants. */
export const productSkuTable: Table = {
  name: 'product_skus',
  owner: 'product',
  columns: ['product', 'sku'],
  isSingle: false,
}

export const categoryTable: Table = {
  name: 'categories',
  owner: 'id',
  columns: ['id', 'parent', 'slug', 'json'],
  isSingle: true,
}

export const brandTable: Table = {
  name: 'brands',
  owner: 'id',
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
  id         text    not null primary key,
  name       text    not null,
  brand      text,
  price      integer not null,
  popularity integer not null,
  created_ms integer not null,
  rating     real,
  json       text    not null,
  constraint price_is_not_negative check (price >= 0)
-- With rowids: a page of a table without them holds a quarter of a page of a row, and the rest of the
-- JSON would go to a page of its own.
) strict;
create index if not exists products_by_created on products (created_ms, id);
create index if not exists products_by_price on products (price, id);
create index if not exists products_by_popularity on products (popularity, id);
create index if not exists products_by_name on products (name, id);
create index if not exists products_by_brand on products (brand);

create table if not exists product_categories (
  product  text not null,
  category text not null,
  primary key (category, product)
) strict, without rowid;
create index if not exists product_categories_by_product on product_categories (product);

create table if not exists product_tags (
  product text not null,
  tag     text not null,
  primary key (tag, product)
) strict, without rowid;
create index if not exists product_tags_by_product on product_tags (product);

create table if not exists product_skus (
  product text not null,
  sku     text not null,
  primary key (sku, product)
) strict, without rowid;
create index if not exists product_skus_by_product on product_skus (product);

create table if not exists categories (
  id     text not null primary key,
  parent text,
  slug   text not null,
  json   text not null
) strict, without rowid;
create index if not exists categories_by_slug on categories (slug);

create table if not exists brands (
  id   text not null primary key,
  json text not null
) strict, without rowid;
`

/** Products that share a SKU, which two regions may come to while they are cut off from each other. */
export const sharedSkuSql = `
select product as document, 'sku/' || sku as field from product_skus
where sku in (select sku from product_skus group by sku having count(*) > 1)`
