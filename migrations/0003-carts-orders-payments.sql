-- What was sold: carts, orders, payments, shipments, and what made prices lower. Rows are read off documents
-- as in 0002.

create table carts (
  id          text collate "C" not null,
  customer_id text collate "C",
  units       bigint not null,
  created_at  timestamptz not null,
  touched_at  timestamptz not null,
  constraint carts_are_stored_once primary key (id)
);
comment on table carts is 'Carts, when they were begun and when a hand was last on them.';
create index carts_by_time on carts (created_at);
create index carts_by_customer on carts (customer_id) where customer_id is not null;

create table cart_items (
  cart_id    text collate "C" not null,
  variant_id text collate "C" not null,
  product_id text collate "C" not null,
  quantity   bigint not null,
  is_saved   boolean not null,
  constraint cart_items_have_one_line primary key (cart_id, variant_id, is_saved),
  constraint something_is_in_the_cart check (quantity > 0)
);
comment on table cart_items is 'What is in carts, and what is kept there for later.';
create index cart_items_by_product on cart_items (product_id);

create table abandoned_carts (
  cart_id      text collate "C" not null,
  customer_id  text collate "C",
  items        bigint not null,
  total_minor  bigint not null,
  currency     text not null,
  abandoned_at timestamptz not null,
  constraint abandoned_carts_are_stored_once primary key (cart_id)
);
comment on table abandoned_carts is 'Carts that nobody came back to.';
create index abandoned_carts_by_time on abandoned_carts (abandoned_at);

create table orders (
  id             text collate "C" not null,
  number         text not null,
  customer_id    text collate "C",
  cart_id        text collate "C",
  status         text not null,
  region         text collate "C" not null,
  country        text not null,
  currency       text not null,
  items_minor    bigint not null,
  discount_minor bigint not null,
  shipping_minor bigint not null,
  tax_minor      bigint not null,
  total_minor    bigint not null,
  payable_minor  bigint not null,
  paid_minor     bigint not null,
  refunded_minor bigint not null,
  units          bigint not null,
  is_sale        boolean not null,
  placed_at      timestamptz not null,
  constraint orders_are_stored_once primary key (id),
  constraint order_total_is_not_negative check (total_minor >= 0),
  constraint order_payable_is_not_negative check (payable_minor >= 0)
);
comment on table orders is 'Orders as their logs read.';
create index orders_by_time on orders (placed_at, id);
create index orders_by_customer on orders (customer_id, placed_at) where customer_id is not null;
create index orders_by_status on orders (status, placed_at);
create index orders_by_cart on orders (cart_id) where cart_id is not null;
create index orders_by_number on orders (number);
comment on column orders.region is 'The node that took the order.';
comment on column orders.payable_minor is 'What is to be paid for what is left of the order: less than its total after edits, cancelling and returns.';
comment on column orders.is_sale is 'Whether anything of it is left that was sold: an order that was cancelled before it was sent is none.';

create table order_items (
  order_id         text collate "C" not null,
  variant_id       text collate "C" not null,
  product_id       text collate "C" not null,
  sku              text not null,
  name             text not null,
  units            bigint not null,
  shipped          bigint not null,
  returned         bigint not null,
  unit_price_minor bigint not null,
  discount_minor   bigint not null,
  tax_minor        bigint not null,
  total_minor      bigint not null,
  constraint order_items_have_one_line primary key (order_id, variant_id),
  constraint order_item_units_are_not_negative check (units >= 0)
);
comment on table order_items is 'What was ordered, line by line, less what was taken out of the order.';
create index order_items_by_variant on order_items (variant_id) include (units, returned);

create table order_status_history (
  order_id   text collate "C" not null,
  event      text collate "C" not null,
  type       text not null,
  status     text not null,
  changed_by text,
  note       text,
  changed_at timestamptz not null,
  constraint an_event_happened_to_an_order_once primary key (order_id, event)
);
comment on table order_status_history is 'Everything that happened to an order, and what it was then.';

create table shipping_addresses (
  order_id    text collate "C" not null,
  name        text not null,
  line1       text not null,
  line2       text,
  city        text not null,
  state       text,
  postal_code text not null,
  country     text not null,
  phone       text,
  constraint an_order_has_one_address primary key (order_id)
);
comment on table shipping_addresses is 'Where orders go. Personal data: read only by who may.';

create table shipments (
  id                 text collate "C" not null,
  order_id           text collate "C" not null,
  method             text,
  from_location      text collate "C",
  carrier            text,
  tracking_number    text,
  status             text not null,
  estimated_delivery timestamptz,
  delivered_at       timestamptz,
  constraint shipments_are_stored_once primary key (id)
);
comment on table shipments is 'Parcels on their way.';
create index shipments_by_order on shipments (order_id);
create index shipments_by_number on shipments (tracking_number) where tracking_number is not null;

create table order_tracking (
  shipment_id text collate "C" not null,
  event       text collate "C" not null,
  status      text not null,
  location    text,
  note        text,
  happened_at timestamptz not null,
  constraint a_parcel_was_told_of_an_event_once primary key (shipment_id, event)
);
comment on table order_tracking is 'What carriers told of parcels.';

create table payments (
  id               text collate "C" not null,
  provider         text not null,
  reference        text,
  customer_id      text collate "C",
  state            text not null,
  currency         text not null,
  amount_minor     bigint not null,
  authorised_minor bigint not null,
  captured_minor   bigint not null,
  refunded_minor   bigint not null,
  created_at       timestamptz not null,
  updated_at       timestamptz not null,
  constraint payments_are_stored_once primary key (id)
);
comment on table payments is 'Payments, one an order, under its id.';
create index payments_by_time on payments (created_at);
create index payments_by_state on payments (state, created_at);
create index payments_by_reference on payments (reference) where reference is not null;

create table payment_attempts (
  payment_id       text collate "C" not null,
  number           integer not null,
  status           text not null,
  gateway_response text,
  created_at       timestamptz not null,
  constraint payment_attempts_are_numbered_once primary key (payment_id, number)
);
comment on table payment_attempts is 'Tries to pay.';
create index payment_attempts_by_time on payment_attempts (created_at);

create table refunds (
  payment_id   text collate "C" not null,
  id           text collate "C" not null,
  amount_minor bigint not null,
  currency     text not null,
  status       text not null,
  reason       text not null,
  processed_at timestamptz,
  constraint refunds_are_stored_once primary key (payment_id, id)
);
comment on table refunds is 'Money on its way back, or there.';
create index refunds_by_time on refunds (processed_at);

create table fraud_flags (
  payment_id text collate "C" not null,
  risk_score double precision not null,
  flags      jsonb not null,
  resolved   boolean not null,
  verdict    text,
  created_at timestamptz not null,
  constraint a_payment_is_flagged_once primary key (payment_id)
);
comment on table fraud_flags is 'Payments that looked odd, and what a person said of them.';
create index fraud_flags_open on fraud_flags (created_at) where not resolved;

create table payment_methods (
  customer_id text collate "C" not null,
  id          text collate "C" not null,
  type        text not null,
  provider    text not null,
  label       text not null,
  is_default  boolean not null,
  created_at  timestamptz not null,
  constraint payment_methods_are_stored_once primary key (customer_id, id)
);
comment on table payment_methods is 'How customers pay: a name for each, never a number of a card, never a token.';

create table promotions (
  id            text collate "C" not null,
  name          text not null,
  benefit       jsonb not null,
  scope         jsonb not null,
  needs_coupon  boolean not null,
  is_combinable boolean not null,
  starts_at     timestamptz,
  ends_at       timestamptz,
  constraint promotions_are_stored_once primary key (id)
);
comment on table promotions is 'Promotions that hold, held or will hold.';

create table coupons (
  code         text collate "C" not null,
  promotion_id text collate "C" not null,
  used         bigint not null,
  uses_limit   bigint,
  per_customer bigint,
  is_withdrawn boolean not null,
  ends_at      timestamptz,
  constraint coupons_are_stored_once primary key (code)
);
comment on table coupons is 'Coupons and how often they were used. Whether one may be used again nodes decide, by rights.';
create index coupons_by_promotion on coupons (promotion_id);

create table flash_sales (
  id           text collate "C" not null,
  variant_id   text collate "C" not null,
  name         text not null,
  price_minor  bigint not null,
  currency     text not null,
  per_buyer    bigint not null,
  is_cancelled boolean not null,
  starts_at    timestamptz not null,
  ends_at      timestamptz not null,
  constraint flash_sales_are_stored_once primary key (id)
);
comment on table flash_sales is 'Flash sales.';
create index flash_sales_by_time on flash_sales (starts_at);

create table purchase_attempts (
  id           text collate "C" not null,
  sale_id      text collate "C" not null,
  buyer        text collate "C" not null,
  attempt      text collate "C" not null,
  units        bigint not null,
  state        text not null,
  attempted_at timestamptz not null,
  held_until   timestamptz not null,
  constraint purchase_attempts_are_stored_once primary key (id, attempt),
  constraint something_was_attempted check (units > 0)
);
comment on table purchase_attempts is 'Tries to buy in a flash sale.';
create index purchase_attempts_by_sale on purchase_attempts (sale_id, state);
