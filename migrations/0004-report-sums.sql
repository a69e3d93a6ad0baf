-- Sums that reports read instead of orders, and the reports. A sum is kept in the transaction that changes what
-- it is of (node/reports/sums.ts); report_sums_audit recomputes all and must be empty.

create table sales_metrics (
  day            date not null,
  region         text collate "C" not null,
  country        text collate "C" not null,
  currency       text collate "C" not null,
  orders         bigint not null,
  units          bigint not null,
  revenue_minor  bigint not null,
  discount_minor bigint not null,
  tax_minor      bigint not null,
  refunded_minor bigint not null,
  constraint sales_metrics_are_summed_once primary key (day, region, country, currency)
);
comment on table sales_metrics is 'Sales by day (UTC), region, country and currency.';

create table product_metrics (
  day           date not null,
  product_id    text collate "C" not null,
  currency      text collate "C" not null,
  orders        bigint not null,
  units         bigint not null,
  revenue_minor bigint not null,
  constraint product_metrics_are_summed_once primary key (day, product_id, currency)
);
comment on table product_metrics is 'Sales of a product by day (UTC) and currency.';

create table product_months (
  month         date not null,
  product_id    text collate "C" not null,
  currency      text collate "C" not null,
  orders        bigint not null,
  units         bigint not null,
  revenue_minor bigint not null,
  constraint product_months_are_summed_once primary key (month, product_id, currency)
);
comment on table product_months is 'Sales of a product by month (UTC) and currency.';


create view report_oversold as
select stock.variant_id, stock.available,
  (select sum(units - returned)::bigint from order_items where order_items.variant_id = stock.variant_id) as sold
from (
  select variant_id, sum(available)::bigint as available,
    max(mode) filter (where location_id = 'main') as mode
  from stock group by variant_id
) as stock
where stock.mode = 'rights' and stock.available < 0;
comment on view report_oversold is 'Variants of which more was sold than there was, though they are sold by rights. Must be empty.';

create view report_money_disagreements as
select id as order_id, orders.paid_minor, payments.captured_minor, orders.refunded_minor,
  payments.refunded_minor as given_back_minor
from payments join orders using (id)
where orders.paid_minor is distinct from payments.captured_minor
  or orders.refunded_minor is distinct from payments.refunded_minor;
comment on view report_money_disagreements is 'Orders and payments that say different things of one money. Empty once every region was heard and nothing is under way.';

create view report_sums_audit as
with sales as (
  select (placed_at at time zone 'UTC')::date as day, region, country, currency, count(*)::bigint as orders,
    sum(units)::bigint as units, sum(payable_minor)::bigint as revenue_minor,
    sum(discount_minor)::bigint as discount_minor, sum(tax_minor)::bigint as tax_minor,
    sum(refunded_minor)::bigint as refunded_minor
  from orders where is_sale group by 1, 2, 3, 4
), items as (
  select (placed_at at time zone 'UTC')::date as day, product_id, currency,
    count(distinct order_id)::bigint as orders, sum(order_items.units)::bigint as units,
    sum(order_items.total_minor)::bigint as revenue_minor
  from orders join order_items on order_id = id where is_sale and order_items.units > 0 group by 1, 2, 3
)
select 'sales_metrics' as sums, day, region || ' ' || country || ' ' || currency as key
from sales full join (select * from sales_metrics where orders <> 0) as kept using (day, region, country, currency)
where (sales.orders, sales.units, sales.revenue_minor, sales.discount_minor, sales.tax_minor, sales.refunded_minor)
  is distinct from
  (kept.orders, kept.units, kept.revenue_minor, kept.discount_minor, kept.tax_minor, kept.refunded_minor)
union all
select 'product_metrics', day, product_id || ' ' || currency
from items full join (select * from product_metrics where orders <> 0) as kept using (day, product_id, currency)
where (items.orders, items.units, items.revenue_minor) is distinct from (kept.orders, kept.units, kept.revenue_minor)
union all
select 'product_months', month, product_id || ' ' || currency
from (
  select date_trunc('month', day)::date as month, product_id, currency, sum(orders)::bigint as orders,
    sum(units)::bigint as units, sum(revenue_minor)::bigint as revenue_minor
  from items group by 1, 2, 3
) as months full join (select * from product_months where orders <> 0) as kept using (month, product_id, currency)
where (months.orders, months.units, months.revenue_minor)
  is distinct from (kept.orders, kept.units, kept.revenue_minor);

create view report_stock_value as
select stock.location_id, variants.currency, sum(stock.in_stock)::bigint as units,
  sum(stock.in_stock * variants.price_minor)::bigint as value_minor
from stock join product_variants as variants on variants.id = stock.variant_id
where stock.in_stock > 0
group by 1, 2;
comment on view report_stock_value is 'What the stock would bring at today''s prices, by place.';

comment on view report_sums_audit is 'Sums that differ from what they are of. Must be empty.';
