/** Products over HTTP: each route parses, calls one function and renders. */

import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { Decide } from '../core/capability.ts'
import type { Core } from '../core/core.ts'
import type { Refusal } from '../errors.ts'
import { answerJson, answerPage, answerWithReceipt } from '../http/answer.ts'
import { problem } from '../http/problem.ts'
import type { NodeEnv } from '../http/router.ts'
import {
  IdempotencyKeyHeader,
  jsonContent as json,
  mutationProblems,
  problemResponses,
} from '../http/schemas.ts'
import { submit } from '../http/submit.ts'
import * as api from './api.ts'
import { isProductId, type ProductId } from './ids.ts'
import { deletionOf, product } from './product.ts'
import { changePrice, createProduct, deleteProduct, editProduct } from './product-rules.ts'
import type { ProductRoutesDeps } from './routes.ts'

export const addProductRoutes = (
  router: OpenAPIHono<NodeEnv>,
  { core, pipeline, queries, products, guard, skuOwners }: ProductRoutesDeps,
): void => {
  const create = pipeline.named('product.create', createProduct(skuOwners))
  const edit = pipeline.named('product.edit', editProduct)
  const reprice = pipeline.named('product.price', changePrice)
  const remove = pipeline.named('product.delete', deleteProduct)
  const mayWrite = guard.require('catalog:write')

  /** Submits a mutation of a product and answers with the product as it is then. */
  const change = async <Input>(
    c: Context<NodeEnv>,
    decide: Decide<Input, { readonly id: ProductId }>,
    { input, status = 200 }: { readonly input: Input; readonly status?: 200 | 201 },
  ): Promise<Response> => {
    const done = await submit(c, pipeline, { decide, input })
    if (!done.ok) return problem(c, done.refusal)
    const { answer, receipt } = done.value
    // A retry may find that the product was deleted since; it is told the id that it was given.
    const shown = queries.product(answer.id) ?? JSON.stringify(answer)
    return answerWithReceipt({ json: shown, receipt, status })
  }

  router.openapi(
    createRoute({
      method: 'get',
      path: '/products',
      tags: ['catalog'],
      summary: 'List products',
      request: { query: api.ProductQuery },
      responses: {
        200: { description: 'A page of products', content: json(api.ProductPage) },
        ...problemResponses('invalid_request', 'invalid_cursor'),
      },
    }),
    (c) => {
      const found = queries.products(c.req.valid('query'))
      return found.ok ? answerPage(found.value) : problem(c, found.refusal)
    },
  )

  // The most asked of all routes is described like the others and answered without their machinery:
  // any text may be asked for, and what is no product is not found.
  router.openAPIRegistry.registerPath({
    method: 'get',
    path: '/products/{id}',
    tags: ['catalog'],
    summary: 'Read a product',
    request: { params: api.ProductParams },
    responses: {
      200: { description: 'The product', content: json(api.ProductBodyOut) },
      ...problemResponses('product_not_found', 'product_deleted'),
    },
  })
  router.get('/products/:id', (c) => {
    const id = c.req.param('id') as ProductId
    const found = products.product(id)
    return found === undefined ? problem(c, missing(core, id)) : answerJson(found)
  })

  router.openapi(
    createRoute({
      method: 'post',
      path: '/products',
      tags: ['catalog'],
      summary: 'Create a product',
      middleware: mayWrite,
      request: {
        headers: IdempotencyKeyHeader,
        body: { required: true, content: json(api.ProductBody) },
      },
      responses: {
        201: { description: 'It was created', content: json(api.ChangedProduct) },
        ...problemResponses('sku_taken', 'currency_mismatch', ...mutationProblems),
      },
    }),
    (c) => change(c, create, { input: c.req.valid('json'), status: 201 }),
  )

  router.openapi(
    createRoute({
      method: 'patch',
      path: '/products/{id}',
      tags: ['catalog'],
      summary: 'Edit a product',
      description: 'What is left out stays as it is. The price has a route of its own.',
      middleware: mayWrite,
      request: {
        params: api.ProductParams,
        headers: IdempotencyKeyHeader,
        body: { required: true, content: json(api.ProductPatch) },
      },
      responses: {
        200: { description: 'It was changed', content: json(api.ChangedProduct) },
        ...problemResponses('product_not_found', 'product_deleted', ...mutationProblems),
      },
    }),
    (c) => change(c, edit, { input: { ...c.req.valid('json'), id: c.req.valid('param').id } }),
  )

  router.openapi(
    createRoute({
      method: 'put',
      path: '/products/{id}/price',
      tags: ['catalog'],
      summary: 'Change a price',
      middleware: mayWrite,
      request: {
        params: api.ProductParams,
        headers: IdempotencyKeyHeader,
        body: { required: true, content: json(api.PriceChangeBody) },
      },
      responses: {
        200: { description: 'It was changed', content: json(api.ChangedProduct) },
        ...problemResponses(
          'product_not_found',
          'product_deleted',
          'currency_mismatch',
          ...mutationProblems,
        ),
      },
    }),
    (c) => change(c, reprice, { input: { ...c.req.valid('json'), id: c.req.valid('param').id } }),
  )

  router.openapi(
    createRoute({
      method: 'delete',
      path: '/products/{id}',
      tags: ['catalog'],
      summary: 'Delete a product',
      description: 'Its document stays, so that its history can be explained.',
      middleware: mayWrite,
      request: { params: api.ProductParams, headers: IdempotencyKeyHeader },
      responses: {
        200: { description: 'It was deleted', content: json(api.Deleted) },
        ...problemResponses('product_not_found', 'product_deleted', ...mutationProblems),
      },
    }),
    async (c) => {
      const input = { id: c.req.valid('param').id, reason: 'deleted by an administrator' }
      const done = await submit(c, pipeline, { decide: remove, input })
      if (!done.ok) return problem(c, done.refusal)
      const { answer, receipt } = done.value
      return answerWithReceipt({ json: JSON.stringify(answer), receipt })
    },
  )
}

const missing = (core: Pick<Core, 'read'>, id: ProductId): Refusal => {
  if (!isProductId(id)) return { code: 'product_not_found', detail: 'This is no product id' }
  return deletionOf(core.read(product, id))
    ? { code: 'product_deleted', detail: `The product ${id} was deleted` }
    : { code: 'product_not_found', detail: `There is no product ${id}` }
}
